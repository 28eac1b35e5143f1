/* Text readers on bytes: none may crash, leak, or read past the end; and where the text is cut may not matter.
 *
 * The first byte chooses the options, so that every format and separator is tried on every text. */
#include "data/ratings.h"
#include "io/formats.h"
#include "target.h"

#include <string.h>

static bool same(const void *a, const void *b, int64_t n, size_t size)
{
    return (a != NULL) == (b != NULL) && (!a || n == 0 || memcmp(a, b, (size_t)n * size) == 0);
}

/* Read whole and in chunks of a few bytes: the same entries, or the same message. */
static void compare_chunks(gusto_context *context, const gu_source *source, const gusto_read_options *options)
{
    gusto_entries      x, y;
    char               message[GU_MESSAGE];
    const gusto_status status = gu_read_entries(context, source, options, 0, &x);
    strcpy(message, gusto_context_message(context));
    require(gu_read_entries(context, source, options, 7, &y) == status);
    if (status == GUSTO_OK) {
        require(x.n == y.n && x.n_users == y.n_users && x.n_items == y.n_items);
        require(same(x.user, y.user, x.n, sizeof *x.user) && same(x.item, y.item, x.n, sizeof *x.item));
        require(same(x.value, y.value, x.n, sizeof *x.value) && same(x.weight, y.weight, x.n, sizeof *x.weight));
        require(same(x.time, y.time, x.n, sizeof *x.time));
        for (int64_t e = 0; e < x.n; e++)
            require(x.user[e] >= 0 && x.user[e] < x.n_users && x.item[e] >= 0 && x.item[e] < x.n_items);
    } else {
        require(message[0] && strcmp(message, gusto_context_message(context)) == 0);
    }
    gusto_entries_clear(&x);
    gusto_entries_clear(&y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const formats[] = {"auto", "text", "mtx", "jester"};
    static const char *const separators[] = {"auto", "tab", "comma", "::", "blanks", "auto", ";", "auto"};
    if (size == 0)
        return 0;
    gusto_context     *context = new_context();
    gusto_read_options options = gusto_read_options_default();
    options.format = formats[data[0] % 4];
    options.separator = separators[data[0] / 4 % 8];
    options.text_ids = data[0] / 32 % 2;
    options.header = data[0] / 64 == 3 ? 0 : -1;
    options.weight = data[0] / 64 == 2 ? "4" : NULL;
    options.duplicates = GUSTO_DUPLICATES_LAST;

    /* A copy of its own, so that the sanitizer sees each byte read beyond. */
    void *bytes = malloc(size > 1 ? size - 1 : 1);
    require(bytes != NULL);
    memcpy(bytes, data + 1, size - 1);
    gu_source source;
    if (gu_source_wrap(context, "fuzz", bytes, (int64_t)size - 1, &source) == GUSTO_OK) {
        gusto_ratings *ratings;
        compare_chunks(context, &source, &options);
        gu_read_ratings(context, &source, &options, 5, &ratings);
        gusto_ratings_destroy(ratings);
    }
    gu_source_close(&source);
    free(bytes);
    gusto_context_destroy(context);
    return 0;
}
