/* Files of features: none may crash, leak, or be read past its end; and what was read is rows in order.
 *
 * The first byte chooses the options. */
#define _POSIX_C_SOURCE 200809L

#include "scratch_file.h"
#include "target.h"

#include <gusto/features.h>

static void walk(const gusto_features *features)
{
    gusto_rows rows;
    gusto_features_rows(features, &rows);
    require_rows(&rows);
    gusto_ids *names = gusto_features_names(features);
    require(!names || gusto_ids_count(names) == rows.n_columns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const formats[] = {"auto", "text", "auto", "text", "u.item", "u.user", "mtx", "container"};
    static const char *const columns[] = {NULL,       "2:list", "2:name,3:number",  "2:bins=3,3:words=1",
                                          "3:year=2", "2:flag", "2:list=;,2:words", "3:number,2:bins"};
    if (size == 0)
        return 0;
    gusto_context         *context = new_context();
    gusto_features_options options = gusto_features_options_default();
    options.format = formats[data[0] % 8];
    options.columns = columns[data[0] / 8 % 8];
    options.separator = data[0] / 64 == 1 ? "|" : "auto";
    options.header = data[0] / 64 == 2 ? 1 : data[0] / 64 == 3 ? 0 : -1;
    gusto_features *features;
    if (gusto_features_read(context, scratch_file(data + 1, size - 1), &options, &features) == GUSTO_OK)
        walk(features);
    gusto_features_destroy(features);
    gusto_context_destroy(context);
    return 0;
}
