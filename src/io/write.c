/* Writing ratings as text; see gusto/read.h.
 *
 * Rows are cut into tiles of about as many ratings; a group of tiles is formatted in parallel and written in order. The text of
 * each id is made once, with its quotes and the separator behind it. */
#include "core/memory.h"
#include "core/number.h"
#include "core/tiles.h"
#include "data/ids.h"
#include "io/atomic_file.h"
#include "io/ratings_container.h"

#include <gusto/read.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TILE = 1 << 16, GROUP = 16 };

typedef enum text_kind { TSV, CSV, MTX, CONTAINER } text_kind;

/* What stands in the file for each row: its id and a separator. */
typedef struct id_texts {
    char    *text;
    int64_t *start; /* [n + 1] */
    int32_t  high;  /* Matrix Market: rows or columns of the matrix */
} id_texts;

typedef struct piece {
    char        *text;
    int64_t      n, room;
    gusto_status status;
} piece;

typedef struct writer {
    gusto_context *context;
    text_kind      kind;
    char           separator;
    gusto_rows     rows;
    id_texts       users, items;
    int64_t        n_tiles, *bound; /* [n_tiles + 1]: rows of each tile */
    piece          piece[GROUP];
} writer;

/* ---- ids ---- */

/* Whether an id is read back as it is if it stands in quotes. */
static bool survives_quoted(const char *text, size_t n)
{
    for (size_t j = 0; j < n; j++)
        if ((unsigned char)text[j] < 0x20 && text[j] != '\t')
            return false;
    return n > 0;
}

/* Or without them. A file may begin with an id, so this may not look like a byte order mark. */
static bool survives_plain(const char *text, size_t n, char separator)
{
    return survives_quoted(text, n) && text[0] != ' ' && text[n - 1] != ' ' && !memchr(text, separator, n) &&
           (separator == '\t' || !memchr(text, '"', n)) && !(n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0);
}

/* The id and its separator.   out [2 n + 3]. Returns how much of it. */
static int64_t put_id(const writer *w, const char *text, size_t n, char *out)
{
    char *p = out;
    if (survives_plain(text, n, w->separator)) {
        memcpy(p, text, n);
        p += n;
    } else {
        *p++ = '"';
        for (size_t j = 0; j < n; j++) {
            *p++ = text[j];
            if (text[j] == '"')
                *p++ = '"';
        }
        *p++ = '"';
    }
    *p++ = w->separator;
    return p - out;
}

/* Whether the ids of n rows are what Matrix Market numbers rows and columns by, integers from 1 on. Sets *high to the last, or to n. */
static bool index_of_ids(const gusto_ids *ids, int32_t n, int32_t *high)
{
    const int64_t *index = ids ? gu_ids_int_array(ids) : NULL;
    *high = n;
    if (!index || n == 0 || index[0] < 1 || index[n - 1] > INT32_MAX)
        return false;
    *high = (int32_t)index[n - 1];
    return true;
}

/* The id of a row; in a Matrix Market file that does not keep it, its number from 1. */
static const char *id_text(const gusto_ids *ids, bool numbered, int32_t row, char *buffer, size_t *length)
{
    if (!numbered)
        return gusto_ids_text(ids, row, buffer, length);
    *length = (size_t)snprintf(buffer, GUSTO_ID_TEXT, "%lld", (long long)row + 1);
    return buffer;
}

static gusto_status set_names(const writer *w, const gusto_ids *ids, int32_t n, const char *noun, id_texts *out)
{
    char    buffer[GUSTO_ID_TEXT];
    size_t  length;
    int64_t room = 0;
    bool    numbered = false;
    if (w->kind == MTX)
        numbered = !index_of_ids(ids, n, &out->high);
    for (int32_t r = 0; r < n; r++) {
        const char *text = id_text(ids, numbered, r, buffer, &length);
        room += 2 * (int64_t)length + 3;
        if (!(w->kind == CSV ? survives_quoted(text, length) : survives_plain(text, length, w->separator)))
            return gu_error(
                w->context, GUSTO_EARG, "%s \"%.*s\" cannot be written: %s", noun, (int)(length < 60 ? length : 60), text,
                length == 0      ? "the id is empty"
                : w->kind == CSV ? "the id has a control character"
                                 : "the id has a tab, a blank at an end, or a control character; .csv can take the first two");
    }
    out->start = gu_new(w->context, (int64_t)n + 1, int64_t);
    out->text = gu_new(w->context, room, char);
    if (!out->start || !out->text)
        return GUSTO_ENOMEM;
    out->start[0] = 0;
    for (int32_t r = 0; r < n; r++) {
        const char *text = id_text(ids, numbered, r, buffer, &length);
        out->start[r + 1] = out->start[r] + put_id(w, text, length, out->text + out->start[r]);
    }
    return GUSTO_OK;
}

static char *put_name(const id_texts *names, int32_t row, char *out)
{
    const int64_t start = names->start[row], n = names->start[row + 1] - start;
    memcpy(out, names->text + start, (size_t)n);
    return out + n;
}

/* ---- numbers ---- */

static char *put_int(int64_t x, char *out)
{
    char     digits[20];
    int      n = 0;
    uint64_t rest = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
    if (x < 0)
        *out++ = '-';
    do {
        digits[n++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    while (n > 0)
        *out++ = digits[--n];
    return out;
}

/* The text of gu_format_real. Whole hundredths of few digits, such as stars, need no search for the shortest text. */
static char *put_real(gusto_real x, char *out)
{
    const double hundredths = rint((double)x * 100);
    if (!(fabs(hundredths) < 1e5) || (gusto_real)(hundredths / 100) != x || (hundredths == 0 && signbit(x)))
        return out + gu_format_real(x, out);
    int cents = (int)fabs(hundredths);
    if (hundredths < 0)
        *out++ = '-';
    out = put_int(cents / 100, out);
    cents %= 100;
    if (cents > 0) {
        *out++ = '.';
        *out++ = (char)('0' + cents / 10);
        if (cents % 10 > 0)
            *out++ = (char)('0' + cents % 10);
    }
    return out;
}

/* ---- lines ---- */

static int64_t room_of_tile(const writer *w, int32_t first, int32_t last)
{
    const gusto_rows *rows = &w->rows;
    const int64_t     numbers = GU_NUMBER_TEXT * (1 + (rows->weight != NULL) + (rows->time != NULL)) + 4;
    int64_t           room = numbers * (rows->start[last] - rows->start[first]);
    for (int32_t u = first; u < last; u++)
        room += (rows->start[u + 1] - rows->start[u]) * (w->users.start[u + 1] - w->users.start[u]);
    for (int64_t e = rows->start[first]; e < rows->start[last]; e++)
        room += w->items.start[rows->column[e] + 1] - w->items.start[rows->column[e]];
    return room;
}

static gusto_status format_tile(writer *w, int64_t t, piece *out)
{
    const gusto_rows *rows = &w->rows;
    const bool        weights = rows->weight && w->kind != MTX, times = rows->time && w->kind != MTX;
    const int32_t     first = (int32_t)w->bound[t], last = (int32_t)w->bound[t + 1];
    const int64_t     room = room_of_tile(w, first, last);
    out->n = 0;
    if (room > out->room) {
        gusto_context quiet = *w->context; /* threads may not share the message */
        gu_free(&quiet.allocator, out->text);
        out->text = gu_new(&quiet, room, char);
        out->room = out->text ? room : 0;
        if (!out->text)
            return GUSTO_ENOMEM;
    }
    char *p = out->text;
    for (int32_t u = first; u < last; u++) {
        for (int64_t e = rows->start[u]; e < rows->start[u + 1]; e++) {
            p = put_name(&w->users, u, p);
            p = put_name(&w->items, rows->column[e], p);
            p = put_real(rows->value[e], p);
            if (weights) {
                *p++ = w->separator;
                p = put_real(rows->weight[e], p);
            }
            if (times) {
                *p++ = w->separator;
                p = put_int(rows->time[e], p);
            }
            *p++ = '\n';
        }
    }
    out->n = p - out->text;
    return GUSTO_OK;
}

/* A header where there is always one, and where a fourth column would be taken for times. */
static gusto_status write_header(const writer *w, gu_atomic_file *file)
{
    const char *const separator = w->kind == CSV ? "," : "\t";
    const bool        weights = w->rows.weight, times = w->rows.time;
    char              line[160];
    int               n = 0;
    if (w->kind == MTX)
        n = snprintf(line, sizeof line, "%%%%MatrixMarket matrix coordinate real general\n%d %d %lld\n", (int)w->users.high,
                     (int)w->items.high, (long long)w->rows.nnz);
    else if (w->kind == CSV || weights)
        n = snprintf(line, sizeof line, "userId%sitemId%srating%s%s%s%s\n", separator, separator, weights ? separator : "",
                     weights ? "weight" : "", times ? separator : "", times ? "timestamp" : "");
    return gu_atomic_file_write(file, line, (size_t)n);
}

static gusto_status write_lines(writer *w, gu_atomic_file *file)
{
    gusto_status status = write_header(w, file);
    for (int64_t first = 0; first < w->n_tiles && status == GUSTO_OK; first += GROUP) {
        const int n = (int)(w->n_tiles - first < GROUP ? w->n_tiles - first : GROUP);
#pragma omp parallel for schedule(dynamic) num_threads(gu_threads(w->context))
        for (int j = 0; j < n; j++)
            w->piece[j].status = format_tile(w, first + j, &w->piece[j]);
        for (int j = 0; j < n && status == GUSTO_OK; j++) {
            status = w->piece[j].status;
            if (status != GUSTO_OK)
                gu_error(w->context, status, "no memory to format ratings");
            else
                status = gu_atomic_file_write(file, w->piece[j].text, (size_t)w->piece[j].n);
        }
    }
    return status;
}

static gusto_status write_text(gusto_context *context, const gusto_ratings *ratings, text_kind kind, const char *path)
{
    static const char separators[] = {[TSV] = '\t', [CSV] = ',', [MTX] = ' '};
    writer            w = {.context = context, .kind = kind, .separator = separators[kind]};
    gu_atomic_file   *file = NULL;
    gusto_status      status = gusto_ratings_by_user(context, ratings, &w.rows);
    if (status == GUSTO_OK)
        status = set_names(&w, gusto_ratings_user_ids(ratings), w.rows.n_rows, "user", &w.users);
    if (status == GUSTO_OK)
        status = set_names(&w, gusto_ratings_item_ids(ratings), w.rows.n_columns, "item", &w.items);
    if (status == GUSTO_OK)
        status = gu_row_tiles(context, w.rows.n_rows, w.rows.start, TILE, &w.n_tiles, &w.bound);
    if (status == GUSTO_OK)
        status = gu_atomic_file_create(context, path, &file);
    if (status == GUSTO_OK)
        status = gu_atomic_file_close(file, write_lines(&w, file));

    const gusto_allocator *allocator = &context->allocator;
    for (int j = 0; j < GROUP; j++)
        gu_free(allocator, w.piece[j].text);
    gu_free(allocator, w.users.text);
    gu_free(allocator, w.users.start);
    gu_free(allocator, w.items.text);
    gu_free(allocator, w.items.start);
    gu_free(allocator, w.bound);
    return status;
}

static bool ends_with(const char *path, const char *end)
{
    const size_t n = strlen(path), n_end = strlen(end);
    return n >= n_end && strcmp(path + n - n_end, end) == 0;
}

gusto_status gusto_ratings_write(gusto_context *context, const gusto_ratings *ratings, const char *path)
{
    static const char *const ends[CONTAINER] = {[TSV] = ".tsv", [CSV] = ".csv", [MTX] = ".mtx"};
    for (text_kind kind = TSV; kind < CONTAINER; kind++)
        if (ends_with(path, ends[kind]))
            return write_text(context, ratings, kind, path);
    return gu_ratings_container_write(context, ratings, path);
}
