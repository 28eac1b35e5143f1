/* The words of a column of text as features: tf log(rows / df), each row scaled to length 1 (Salton & Buckley 1988).
 *
 * A word is a run of letters, digits and bytes above 127 (so that UTF-8 stays whole), two bytes or more, ASCII letters in lower case. df counts
 * the rows that have a word, of those that have any; a word of every row weighs nothing, and one of fewer rows than asked for is left out. */
#include "io/features_text.h"

#include "core/memory.h"
#include "data/ids.h"
#include "data/rows.h"

#include <math.h>

static bool in_word(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

/* Every word of every line, as found; weight 1. */
static gusto_status split(const gu_field_table *t, int column, gu_found_features *words)
{
    gusto_status status = GUSTO_OK;
    for (int64_t e = 0; e < t->n && status == GUSTO_OK; e++) {
        const gu_field *field = &t->field[e * t->n_columns + column];
        for (int64_t j = 0; j < field->length && status == GUSTO_OK;) {
            const int64_t begin = j;
            while (j < field->length && in_word((unsigned char)field->text[j]))
                j++;
            if (j - begin >= 2) {
                const int64_t at = words->bytes;
                status = gu_found_add(words, t->row[e], t->column[column].name, field->text + begin, j - begin, false, 1);
                const int64_t value = at + (int64_t)strlen(t->column[column].name) + 1;
                for (int64_t b = value; status == GUSTO_OK && b < words->bytes; b++)
                    if (words->text[b] >= 'A' && words->text[b] <= 'Z')
                        words->text[b] = (char)(words->text[b] - 'A' + 'a');
            }
            j += j == begin;
        }
    }
    return status;
}

/* What a word of a row weighs before the row is scaled. */
static double weight_of(const gu_rows *rows, int64_t e, const int64_t *df, int64_t documents, int least)
{
    const int64_t n = df[rows->column[e]];
    return n < least ? 0 : (double)rows->value[e] * log((double)documents / (double)n);
}

static gusto_status weigh(const gu_rows *rows, const int64_t *df, const gu_column *c, const gusto_ids *names,
                          gu_found_features *found)
{
    int64_t      documents = 0;
    gusto_status status = GUSTO_OK;
    for (int32_t r = 0; r < rows->n_rows; r++)
        documents += rows->start[r + 1] > rows->start[r];
    for (int32_t r = 0; r < rows->n_rows && status == GUSTO_OK; r++) {
        double squares = 0;
        for (int64_t e = rows->start[r]; e < rows->start[r + 1]; e++)
            squares += pow(weight_of(rows, e, df, documents, c->argument), 2);
        for (int64_t e = rows->start[r]; e < rows->start[r + 1] && squares > 0 && status == GUSTO_OK; e++) {
            size_t       length;
            const char  *name = gusto_ids_text(names, rows->column[e], NULL, &length);
            const size_t prefix = strlen(c->name) + 1;
            status = gu_found_add(found, r, c->name, name + prefix, (int64_t)(length - prefix), false,
                                  (double)(gusto_real)(weight_of(rows, e, df, documents, c->argument) / sqrt(squares)));
        }
    }
    return status;
}

gusto_status gu_words_column(gusto_context *context, const gu_field_table *t, int column, gu_found_features *found)
{
    gu_found_features words = {.context = context};
    gusto_ids        *names = NULL;
    gu_rows           rows = {0};
    int64_t          *df = NULL;
    gusto_status      status = split(t, column, &words);
    if (status == GUSTO_OK)
        status = gu_found_rows(&words, t, &rows, &names);
    if (status == GUSTO_OK && !(df = gu_new_zero(context, rows.n_columns, int64_t)))
        status = GUSTO_ENOMEM;
    if (status == GUSTO_OK) {
        for (int64_t e = 0; e < rows.nnz; e++)
            df[rows.column[e]]++;
        status = weigh(&rows, df, &t->column[column], names, found);
    }
    gu_free(&context->allocator, df);
    gu_rows_clear(&context->allocator, &rows);
    gusto_ids_release(names);
    gu_found_clear(&words);
    return status;
}
