/* A column of numbers as features: standardized, or in bins that hold about as many rows each. */
#include "io/features_text.h"

#include "core/memory.h"
#include "core/number.h"

#include <math.h>
#include <stdlib.h>

/* The last four digits in a row, or -1. */
static double year_of(const gu_field *field)
{
    int run = 0;
    for (int64_t j = field->length; j-- > 0;) {
        const char c = field->text[j];
        run = c >= '0' && c <= '9' ? run + 1 : 0;
        const bool more = j > 0 && field->text[j - 1] >= '0' && field->text[j - 1] <= '9';
        if (run == 4 && !more)
            return 1000 * (c - '0') + 100 * (field->text[j + 1] - '0') + 10 * (field->text[j + 2] - '0') +
                   (field->text[j + 3] - '0');
    }
    return -1;
}

/* The number of every line, NaN where there is none. Two lines of one row are refused: seen [n_rows] is zero. */
static gusto_status read_numbers(gusto_context *context, const gu_field_table *t, int column, bool *seen, double *x)
{
    const gu_column *c = &t->column[column];
    for (int64_t e = 0; e < t->n; e++) {
        const gu_field *field = &t->field[e * t->n_columns + column];
        x[e] = (double)NAN;
        if (field->length == 0)
            continue;
        if (c->kind == GU_KIND_YEAR) {
            const double year = year_of(field);
            if (year < 0)
                continue;
            x[e] = year;
        } else if (!gu_parse_real(field->text, (size_t)field->length, &x[e])) {
            return gu_error(context, GUSTO_EFORMAT, "%s:%lld: column %lld: found \"%.*s\", expected a finite number",
                            t->source->name, (long long)gu_source_line(t->source, t->offset[e]), (long long)c->at + 1,
                            (int)(field->length < 40 ? field->length : 40), field->text);
        }
        if (seen[t->row[e]])
            return gu_error(context, GUSTO_EDUPLICATE, "%s:%lld: id \"%.*s\" has a number in column %lld already",
                            t->source->name, (long long)gu_source_line(t->source, t->offset[e]),
                            (int)(t->id[e].length < 60 ? t->id[e].length : 60), t->id[e].text, (long long)c->at + 1);
        seen[t->row[e]] = true;
    }
    return GUSTO_OK;
}

static gusto_status standardize(const gu_field_table *t, const gu_column *c, const double *x, gu_found_features *found)
{
    double  sum = 0, squares = 0;
    int64_t n = 0;
    for (int64_t e = 0; e < t->n; e++)
        if (!isnan(x[e])) {
            sum += x[e];
            n++;
        }
    const double mean = n ? sum / (double)n : 0;
    for (int64_t e = 0; e < t->n; e++)
        if (!isnan(x[e]))
            squares += (x[e] - mean) * (x[e] - mean);
    const double deviation = n ? sqrt(squares / (double)n) : 0;
    gusto_status status = GUSTO_OK;
    for (int64_t e = 0; e < t->n && status == GUSTO_OK; e++)
        if (!isnan(x[e]) && deviation > 0 && isfinite(deviation))
            status = gu_found_add(found, t->row[e], c->name, NULL, 0, false, (double)(gusto_real)((x[e] - mean) / deviation));
    return status;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The least number of each bin, at quantiles; equal numbers stay together. Returns the bins. */
static int cut(int64_t n, const double *sorted, int most, double *low, double *high)
{
    int bins = 0;
    for (int b = 0; b < most; b++) {
        const int64_t at = n * b / most;
        if (bins == 0 || sorted[at] > low[bins - 1])
            low[bins++] = sorted[at];
    }
    int b = 0;
    for (int64_t j = 0; j < n; j++) {
        while (b + 1 < bins && sorted[j] >= low[b + 1])
            b++;
        high[b] = sorted[j];
    }
    return bins;
}

/* Numbers of text that are written, LOW..HIGH. */
static int64_t bin_name(double low, double high, char *out)
{
    int64_t n = gu_format_double(low, out);
    if (high > low) {
        out[n++] = '.';
        out[n++] = '.';
        n += gu_format_double(high, out + n);
    }
    return n;
}

static gusto_status bin(gusto_context *context, const gu_field_table *t, const gu_column *c, const double *x,
                        gu_found_features *found)
{
    double *sorted = gu_new(context, t->n, double), low[GU_MAX_BINS], high[GU_MAX_BINS];
    if (!sorted)
        return GUSTO_ENOMEM;
    int64_t n = 0;
    for (int64_t e = 0; e < t->n; e++)
        if (!isnan(x[e]))
            sorted[n++] = x[e];
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    const int bins = n ? cut(n, sorted, c->argument, low, high) : 0;
    gu_free(&context->allocator, sorted);

    const char  *name = c->kind == GU_KIND_YEAR ? "year" : c->name;
    gusto_status status = GUSTO_OK;
    for (int64_t e = 0; e < t->n && status == GUSTO_OK; e++) {
        if (isnan(x[e]))
            continue;
        char text[2 * GU_NUMBER_TEXT + 2];
        int  b = 0;
        while (b + 1 < bins && x[e] >= low[b + 1])
            b++;
        status = gu_found_add(found, t->row[e], name, text, bin_name(low[b], high[b], text), false, 1);
    }
    return status;
}

gusto_status gu_numbers_column(gusto_context *context, const gu_field_table *t, int column, gu_found_features *found)
{
    const gu_column *c = &t->column[column];
    double          *x = gu_new(context, t->n, double);
    bool            *seen = gu_new_zero(context, gusto_ids_count(t->ids), bool);
    gusto_status     status = x && seen ? read_numbers(context, t, column, seen, x) : GUSTO_ENOMEM;
    if (status == GUSTO_OK)
        status = c->kind == GU_KIND_NUMBER ? standardize(t, c, x, found) : bin(context, t, c, x, found);
    gu_free(&context->allocator, x);
    gu_free(&context->allocator, seen);
    return status;
}
