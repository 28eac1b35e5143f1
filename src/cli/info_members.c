/* See info_members.h. */
#include "cli/info_members.h"

#include <math.h>

exit_code members_open(session *s, const char *path, const gusto_container *container, gusto_model **out)
{
    *out = NULL;
    if (!gusto_container_metadata(container, "option.members"))
        return DONE;
    const gusto_status status = gusto_model_load(s->context, path, out);
    return status < 0 ? failure(s, status) : DONE;
}

/* Most ratings of a cold user (side 0) or item (1); -1: none is. False if the model does not switch. */
static bool threshold_of(const gusto_model *model, int side, double *out)
{
    gusto_tensor t;
    if (!gusto_model_tensor(model, "threshold", &t))
        return false;
    *out = (double)((const gusto_real *)t.data)[side];
    return true;
}

static void print_weight(double weight)
{
    if (isnan(weight))
        printf(" %14s", "-");
    else
        printf(" %14.4f", weight);
}

void members_print(const gusto_model *model)
{
    gusto_member m = {.size = sizeof m};
    printf("\n%-24s %-14s %14s %14s %14s\n", "member", "model", "weight", "of cold users", "of cold items");
    for (int j = 0; gusto_model_member_at(model, j, &m); j++) {
        printf("%-24s %-14s %14.4f", m.label, gusto_model_name(m.model), m.weight);
        print_weight(m.cold_user_weight);
        print_weight(m.cold_item_weight);
        putchar('\n');
    }
    static const char *const side[] = {"users", "items"};
    double                   most;
    for (int s = 0; s < 2; s++)
        if (threshold_of(model, s, &most) && most >= 0)
            printf("cold %s: those with at most %.0f ratings\n", side[s], most);
}

json_t *members_json(gusto_context *context, const gusto_model *model)
{
    gusto_member m = {.size = sizeof m};
    json_t      *all = json_array();
    for (int j = 0; gusto_model_member_at(model, j, &m); j++) {
        json_t *one =
            json_pack("{s:s, s:s, s:o}", "label", m.label, "model", gusto_model_name(m.model), "weight", json_number(m.weight));
        json_object_set_new(one, "cold_user_weight", json_number(m.cold_user_weight));
        json_object_set_new(one, "cold_item_weight", json_number(m.cold_item_weight));
        json_object_set_new(one, "options", json_options(context, m.model));
        json_array_append_new(all, one);
    }
    return all;
}

json_t *thresholds_json(const gusto_model *model)
{
    double users, items;
    if (!threshold_of(model, 0, &users) || !threshold_of(model, 1, &items))
        return NULL;
    return json_pack("{s:o, s:o}", "users", users < 0 ? json_null() : json_number(users), "items",
                     items < 0 ? json_null() : json_number(items));
}
