/* gusto info: what is in a container, of a model or of ratings; what ratings in any other format come to. */
#include "cli/common.h"
#include "cli/info_members.h"
#include "cli/info_ratings.h"
#include "cli/json.h"

#include <string.h>

static const char *dtype_name(gusto_dtype dtype)
{
    static const char *const names[] = {"F32", "F64", "I32", "I64", "U8"};
    return names[dtype];
}

static void print_json(session *s, const gusto_container *container, const gusto_model *whole)
{
    gusto_tensor t;
    const char  *key, *value;
    json_t      *tensors = json_object(), *metadata = json_object();
    for (int j = 0; gusto_container_tensor_at(container, j, &t); j++) {
        json_t *shape = t.columns == 1 ? json_pack("[I]", (json_int_t)t.rows)
                                       : json_pack("[I, I]", (json_int_t)t.rows, (json_int_t)t.columns);
        json_object_set_new(tensors, t.name, json_pack("{s:s, s:o}", "dtype", dtype_name(t.dtype), "shape", shape));
    }
    for (int j = 0; gusto_container_metadata_at(container, j, &key, &value); j++)
        json_object_set_new(metadata, key, json_text(value, strlen(value)));
    json_t *all = json_pack("{s:o, s:o}", "tensors", tensors, "metadata", metadata);
    json_t *cold = whole ? thresholds_json(whole) : NULL;
    if (whole)
        json_object_set_new(all, "members", members_json(s->context, whole));
    if (cold)
        json_object_set_new(all, "most_ratings_of_cold", cold);
    json_print(stdout, all, DOUBLE_DIGITS, 2);
}

static void print_text(const gusto_container *container, const gusto_model *whole)
{
    gusto_tensor t;
    const char  *key, *value;
    printf("%-24s %-6s %14s %14s\n", "tensor", "type", "rows", "columns");
    for (int j = 0; gusto_container_tensor_at(container, j, &t); j++)
        printf("%-24s %-6s %14lld %14lld\n", t.name, dtype_name(t.dtype), (long long)t.rows, (long long)t.columns);
    printf("\n%-40s %s\n", "metadata", "value");
    for (int j = 0; gusto_container_metadata_at(container, j, &key, &value); j++)
        printf("%-40s %s\n", key, value);
    if (whole)
        members_print(whole);
}

static exit_code work(session *s, const char *path, bool json)
{
    gusto_container *container = NULL;
    const char      *format = s->reading.format;
    if (format ? strcmp(format, "container") != 0 : !looks_like_container(path))
        return info_of_ratings(s, path, json);
    const gusto_status status = gusto_container_open(s->context, path, &container);
    if (status < 0)
        return failure(s, status);
    gusto_model    *whole;
    const exit_code code = members_open(s, path, container, &whole);
    if (json)
        print_json(s, container, whole);
    else
        print_text(container, whole);
    gusto_model_destroy(whole);
    gusto_container_close(container);
    return code;
}

static exit_code run(session *s, int argc, const char **argv)
{
    int               json = 0;
    struct poptOption own[] = {{"json", 0, POPT_ARG_NONE, &json, 0, "print one JSON object", NULL}, POPT_TABLEEND};
    exit_code         code;
    if (session_parse(s, own, true, 1, 1, argc, argv, &code))
        code = work(s, s->args[0], json);
    session_clear(s, own);
    return code;
}

const command command_info = {"info", "FILE",
                              "Shows the tensors, options and checksums of a file that gusto saved, and the members of a hybrid; "
                              "of other ratings, what was read.",
                              run};
