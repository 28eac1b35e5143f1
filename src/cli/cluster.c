/* gusto cluster: groups of users, of items, or of whatever else has rows of numbers, by k-means. */
#include "cli/cluster_points.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COUNTS = 10000 };

typedef struct clustering {
    const char *clusters, *sweep, *starts, *iterations, *tolerance, *batch, *sample, *output;
    int         spherical, json;

    int64_t              n_sample;
    gusto_kmeans_options options;
    int                  n_counts, best; /* of the sweep; 0: none */
    int32_t             *count;
    double              *inertia, *apart; /* [n_counts] */

    cluster_points      of;
    gusto_real         *centers;
    int32_t            *label;
    int64_t            *size; /* [clusters] */
    double              silhouette;
    gusto_kmeans_result result;
} clustering;

/* ---- what is asked for ---- */

/* LO:HI[:STEP] */
static exit_code parse_sweep(clustering *c)
{
    int64_t value[3] = {0, 0, 1};
    char    part[32];
    int     n = 0;
    for (const char *at = c->sweep; at && n < 3; n++) {
        const size_t length = strcspn(at, ":");
        if (length >= sizeof part)
            break;
        memcpy(part, at, length);
        part[length] = 0;
        if (!parse_int("--sweep", part, n < 2 ? 2 : 1, INT32_MAX, &value[n]))
            return BAD_USAGE;
        at = at[length] ? at + length + 1 : NULL;
        if (at && n == 2)
            n = 3;
    }
    if (n < 2 || n > 3 || value[0] > value[1])
        return complain(BAD_USAGE, "--sweep %s: expected LO:HI or LO:HI:STEP, LO not above HI", c->sweep);
    if ((value[1] - value[0]) / value[2] >= MOST_COUNTS)
        return complain(BAD_USAGE, "--sweep %s: more than %d numbers of clusters", c->sweep, MOST_COUNTS);
    c->n_counts = (int)((value[1] - value[0]) / value[2]) + 1;
    c->count = need((size_t)c->n_counts, sizeof *c->count);
    c->inertia = need((size_t)c->n_counts, sizeof *c->inertia);
    c->apart = need((size_t)c->n_counts, sizeof *c->apart);
    for (int t = 0; t < c->n_counts; t++)
        c->count[t] = (int32_t)(value[0] + t * value[2]);
    return DONE;
}

static exit_code check_arguments(session *s, clustering *c)
{
    if (!c->clusters == !c->sweep)
        return complain(BAD_USAGE, "cluster needs either -k N or --sweep LO:HI[:STEP]");
    int64_t clusters = 0, starts = 1, iterations = 100;
    c->options = gusto_kmeans_options_default();
    c->n_sample = 2000;
    if (!parse_int("-k", c->clusters, 1, INT32_MAX, &clusters) || !parse_int("--starts", c->starts, 1, INT32_MAX, &starts) ||
        !parse_int("--iterations", c->iterations, 1, INT32_MAX, &iterations) ||
        !parse_int("--batch", c->batch, 1, INT64_MAX, &c->options.batch) ||
        !parse_int("--sample", c->sample, 2, INT64_MAX, &c->n_sample) ||
        !parse_real("--tolerance", c->tolerance, 0, 1e30, &c->options.tolerance))
        return BAD_USAGE;
    c->options.n_clusters = (int32_t)clusters;
    c->options.n_starts = (int)starts;
    c->options.iterations = (int)iterations;
    c->options.spherical = c->spherical;
    exit_code code = check_ending("-o", c->output, ".tsv, .csv, or a container");
    if (code == DONE)
        code = check_output("-o", c->output, s->args[0]);
    return code == DONE && c->sweep ? parse_sweep(c) : code;
}

/* ---- clusters ---- */

/* All but the silhouette, which is not there for one cluster. Returns INTERRUPTED with what there is after Ctrl-C. */
static exit_code find_clusters(session *s, clustering *c)
{
    const size_t k = (size_t)c->options.n_clusters;
    c->centers = need(k * (size_t)c->of.points.d, sizeof *c->centers);
    c->label = need((size_t)c->of.points.n, sizeof *c->label);
    c->size = need(k, sizeof *c->size);
    c->result.size = sizeof c->result;
    const gusto_status end = gusto_kmeans(s->context, &c->of.points, &c->options, c->centers, c->label, &c->result);
    if (end < 0)
        return failure(s, end);
    int used = 0;
    memset(c->size, 0, k * sizeof *c->size);
    for (int64_t j = 0; j < c->of.points.n; j++)
        used += c->size[c->label[j]]++ == 0;
    c->silhouette = (double)NAN;
    if (used > 1 && end != GUSTO_CANCELLED) {
        const gusto_status status =
            gusto_silhouette(s->context, &c->of.points, c->label, c->spherical, c->n_sample, &c->silhouette);
        if (status < 0 && status != GUSTO_EARG) /* a sample of one cluster has none */
            return failure(s, status);
    }
    return end == GUSTO_CANCELLED ? INTERRUPTED : DONE;
}

static exit_code cluster_all(session *s, clustering *c)
{
    progress  p;
    exit_code code = progress_open(&p, s, NULL, false);
    if (code != DONE)
        return code;
    c->options.progress = progress_report;
    c->options.user = &p;
    if (c->n_counts > 0) {
        const gusto_status status = gusto_kmeans_sweep(s->context, &c->of.points, &c->options, c->n_counts, c->count, c->n_sample,
                                                       c->inertia, c->apart, &c->best);
        progress_end(&p);
        if (status < 0)
            return progress_close(&p, failure(s, status));
        if (status == GUSTO_CANCELLED) /* before the best was known */
            return progress_close(&p, INTERRUPTED);
        c->options.n_clusters = c->count[c->best];
    }
    code = find_clusters(s, c);
    progress_end(&p);
    return progress_close(&p, code);
}

/* ---- what comes out ---- */

static void print_number(double x)
{
    if (isfinite(x))
        printf("%.6g\n", x);
    else
        puts("-");
}

static void print_text(const clustering *c)
{
    if (c->n_counts > 0)
        printf("%-12s %14s %12s\n", "clusters", "inertia", "silhouette");
    for (int t = 0; t < c->n_counts; t++)
        printf("%-12d %14.8g %12.6f%s\n", c->count[t], c->inertia[t], c->apart[t], t == c->best ? "  best" : "");
    if (c->n_counts > 0)
        putchar('\n');
    printf("%-16s%lld\n%-16s%lld\n%-16s%d\n", "points", (long long)c->of.points.n, "numbers", (long long)c->of.points.d,
           "clusters", c->options.n_clusters);
    printf("%-16s%.8g\n%-16s", "inertia", c->result.inertia, "silhouette");
    print_number(c->silhouette);
    printf("%-16s%d%s\n%-16s", "iterations", c->result.iterations, c->result.converged ? ", converged" : "", "sizes");
    for (int32_t k = 0; k < c->options.n_clusters; k++)
        printf("%s%lld", k > 0 ? " " : "", (long long)c->size[k]);
    putchar('\n');
}

static void print_json(const clustering *c)
{
    json_t *all =
        json_pack("{s:I, s:I, s:i, s:o, s:o, s:i, s:b}", "points", (json_int_t)c->of.points.n, "numbers",
                  (json_int_t)c->of.points.d, "clusters", c->options.n_clusters, "inertia", json_number(c->result.inertia),
                  "silhouette", json_number(c->silhouette), "iterations", c->result.iterations, "converged", c->result.converged);
    json_t *sizes = json_array();
    for (int32_t k = 0; k < c->options.n_clusters; k++)
        json_array_append_new(sizes, json_integer((json_int_t)c->size[k]));
    json_object_set_new(all, "sizes", sizes);
    if (c->n_counts > 0) {
        json_t *sweep = json_array();
        for (int t = 0; t < c->n_counts; t++)
            json_array_append_new(sweep, json_pack("{s:i, s:o, s:o}", "clusters", c->count[t], "inertia",
                                                   json_number(c->inertia[t]), "silhouette", json_number(c->apart[t])));
        json_object_set_new(all, "sweep", sweep);
    }
    json_print(stdout, all, DOUBLE_DIGITS, 2);
}

static exit_code write_text(const clustering *c)
{
    output    out;
    exit_code code = output_open(&out, c->output);
    if (code != DONE)
        return code;
    print_header(&out, "id,cluster");
    for (int32_t j = 0; j < c->of.points.n && output_holds(&out); j++) {
        print_id(&out, c->of.ids, j);
        fprintf(out.file, "%c%d\n", out.separator, c->label[j]);
    }
    return output_close(&out, DONE);
}

/* As features: row j has the one that is called by its cluster. */
static exit_code write_container(session *s, const clustering *c)
{
    const size_t    n = (size_t)c->of.points.n;
    int64_t        *start = need(n + 1, sizeof *start), *number = need((size_t)c->options.n_clusters, sizeof *number);
    gusto_real     *one = need(n, sizeof *one);
    gusto_rows      rows = {.n_rows = (int32_t)n, .n_columns = c->options.n_clusters, .nnz = (int64_t)n};
    gusto_ids      *names = NULL;
    gusto_features *features = NULL;
    for (size_t j = 0; j < n; j++) {
        start[j] = (int64_t)j;
        one[j] = 1;
    }
    start[n] = (int64_t)n;
    for (int32_t k = 0; k < c->options.n_clusters; k++)
        number[k] = k;
    rows.start = start;
    rows.column = c->label;
    rows.value = one;
    gusto_status status = gusto_ids_from_ints(s->context, number, c->options.n_clusters, &names);
    if (status == GUSTO_OK)
        status = gusto_features_from_rows(s->context, &rows, c->of.ids, names, &features);
    if (status == GUSTO_OK)
        status = gusto_features_write(s->context, features, c->output);
    gusto_features_destroy(features);
    gusto_ids_release(names);
    free(start);
    free(number);
    free(one);
    return status < 0 ? failure(s, status) : DONE;
}

static exit_code write_clusters(session *s, const clustering *c)
{
    const char     *ending = path_ending(c->output);
    const bool      text = strcmp(ending, ".tsv") == 0 || strcmp(ending, ".csv") == 0;
    const exit_code code = text ? write_text(c) : write_container(s, c);
    if (code == DONE)
        say(s, "clusters of %lld rows to %s", (long long)c->of.points.n, c->output);
    return code;
}

static exit_code work(session *s, clustering *c)
{
    exit_code code = check_arguments(s, c);
    if (code == DONE)
        code = cluster_points_take(s, &c->of);
    if (code != DONE)
        return code;
    const int64_t most = c->n_counts > 0 ? c->count[c->n_counts - 1] : c->options.n_clusters;
    if (most > c->of.points.n)
        return complain(BAD_USAGE, "%s: %lld clusters of %lld rows", c->sweep ? "--sweep" : "-k", (long long)most,
                        (long long)c->of.points.n);
    catch_interrupts();
    code = cluster_all(s, c);
    if (!c->size || (code != DONE && code != INTERRUPTED)) /* nothing was found */
        return code;
    const exit_code written = c->output ? write_clusters(s, c) : DONE;
    if (written != DONE)
        return written;
    (c->json ? print_json : print_text)(c);
    return code;
}

static exit_code run(session *s, int argc, const char **argv)
{
    clustering        c = {0};
    struct poptOption own[] = {
        {"clusters", 'k', POPT_ARG_STRING, &c.clusters, 0, "how many clusters", "N"},
        {"sweep", 0, POPT_ARG_STRING, &c.sweep, 0, "try LO, LO + STEP, ... HI clusters and take the highest silhouette (STEP: 1)",
         "LO:HI[:STEP]"},
        {"of", 0, POPT_ARG_STRING, &c.of.of, 0,
         "users or items (default: users): their ratings, 0 where there is none, or a model's factors; of a model also a tensor "
         "by "
         "its name",
         "WHAT"},
        {"features", 0, POPT_ARG_NONE, &c.of.features, 0, "the file has features, as --item-features of gusto fit takes them",
         NULL},
        {"feature-columns", 0, POPT_ARG_STRING, &c.of.columns, 0, "the same, of these columns", "COLUMN[:KIND],..."},
        {"spherical", 0, POPT_ARG_NONE, &c.spherical, 0, "by cosine: rows and centers are scaled to length 1", NULL},
        {"starts", 0, POPT_ARG_STRING, &c.starts, 0, "k-means++ starts, of which the one of least inertia is kept (default: 1)",
         "N"},
        {"batch", 0, POPT_ARG_STRING, &c.batch, 0, "rows of a minibatch (default: all rows)", "N"},
        {"iterations", 0, POPT_ARG_STRING, &c.iterations, 0, "passes at most (default: 100)", "N"},
        {"tolerance", 0, POPT_ARG_STRING, &c.tolerance, 0,
         "end when the squared moves of all centers sum to at most this share of a number's variance (default: 1e-4)", "X"},
        {"sample", 0, POPT_ARG_STRING, &c.sample, 0, "rows that the silhouette is measured on (default: 2000)", "N"},
        {"json", 0, POPT_ARG_NONE, &c.json, 0, "print one JSON object", NULL},
        {"output", 'o', POPT_ARG_STRING, &c.output, 0,
         "where to write id and cluster (from 0) of every row: text for .tsv and .csv, otherwise a container of features", "OUT"},
        POPT_TABLEEND};
    exit_code code;
    if (session_parse(s, own, true, 1, 1, argc, argv, &code))
        code = work(s, &c);
    free(c.count);
    free(c.inertia);
    free(c.apart);
    free(c.centers);
    free(c.label);
    free(c.size);
    cluster_points_clear(&c.of);
    session_clear(s, own);
    return code;
}

const command command_cluster = {"cluster", "FILE (-k N | --sweep LO:HI[:STEP])",
                                 "Groups the rows of ratings, features or a model's factors by k-means.", run};
