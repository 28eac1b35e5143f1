/* See cluster_points.h. */
#include "cli/cluster_points.h"

#include <stdio.h>
#include <string.h>

static exit_code take_rows(session *s, cluster_points *c, bool items)
{
    gusto_status status = gusto_ratings_by_user(s->context, c->ratings, items ? &c->by_column : &c->by_point);
    if (status == GUSTO_OK)
        status = gusto_ratings_by_item(s->context, c->ratings, items ? &c->by_point : &c->by_column);
    if (status < 0)
        return failure(s, status);
    c->points.n = c->by_point.n_rows;
    c->points.d = c->by_point.n_columns;
    c->points.by_point = &c->by_point;
    c->points.by_column = &c->by_column;
    return DONE;
}

static exit_code take_ratings(session *s, cluster_points *c)
{
    const bool items = c->of && strcmp(c->of, "items") == 0;
    if (c->of && !items && strcmp(c->of, "users") != 0)
        return complain(BAD_USAGE, "--of %s: ratings are of users or of items", c->of);
    const exit_code code = read_ratings(s, s->args[0], &c->ratings);
    if (code != DONE)
        return code;
    c->ids = items ? gusto_ratings_item_ids(c->ratings) : gusto_ratings_user_ids(c->ratings);
    return take_rows(s, c, items);
}

static exit_code take_features(session *s, cluster_points *c)
{
    gusto_features_options options = gusto_features_options_default();
    gusto_rows             rows;
    options.columns = c->columns;
    gusto_status status = gusto_features_read(s->context, s->args[0], &options, &c->known);
    if (status < 0)
        return failure(s, status);
    gusto_features_rows(c->known, &rows);
    status = gusto_ratings_from_csr(s->context, &rows, GUSTO_BORROW, &c->ratings);
    if (status < 0)
        return failure(s, status);
    c->ids = gusto_features_ids(c->known);
    return take_rows(s, c, false);
}

/* The factors of users or of items, or any tensor by its name. Its rows have ids if there are as many as users or items. */
static exit_code take_tensor(session *s, cluster_points *c)
{
    const bool         users = !c->of || strcmp(c->of, "users") == 0, items = c->of && strcmp(c->of, "items") == 0;
    const char        *name = users ? "P" : items ? "Q" : c->of;
    gusto_tensor       t;
    const gusto_status status = gusto_model_load(s->context, s->args[0], &c->model);
    if (status < 0)
        return failure(s, status);
    if (!gusto_model_tensor(c->model, name, &t))
        return complain(BAD_USAGE, "--of %s: model %s has no tensor %s; gusto info shows what it has", c->of ? c->of : "users",
                        gusto_model_name(c->model), name);
    if (t.dtype != (sizeof(gusto_real) == sizeof(double) ? GUSTO_F64 : GUSTO_F32))
        return complain(BAD_USAGE, "--of %s: tensor %s does not hold real numbers", c->of, name);
    if (items || (!users && t.rows == gusto_model_n_items(c->model)))
        c->ids = gusto_model_item_ids(c->model);
    else if (users || t.rows == gusto_model_n_users(c->model))
        c->ids = gusto_model_user_ids(c->model);
    c->points.n = t.rows;
    c->points.d = t.columns;
    c->points.ld = t.ld;
    c->points.dense = t.data;
    return DONE;
}

exit_code cluster_points_take(session *s, cluster_points *c)
{
    char kind[16] = "";
    c->points.size = sizeof c->points;
    c->features = c->features || c->columns;
    if (c->features && c->of)
        return complain(BAD_USAGE, "--of %s: features have rows of one kind only", c->of);
    if (!c->features && looks_like_container(s->args[0])) {
        gusto_container   *container;
        const gusto_status status = gusto_container_open(s->context, s->args[0], &container);
        if (status < 0)
            return failure(s, status);
        const char *found = gusto_container_metadata(container, "gusto.kind"); /* of models; data has */
        if (!found)
            found = gusto_container_metadata(container, "content");
        snprintf(kind, sizeof kind, "%s", found ? found : "");
        gusto_container_close(container);
    }
    if (strcmp(kind, "model") == 0)
        return take_tensor(s, c);
    if (strcmp(kind, "features") == 0 && c->of)
        return complain(BAD_USAGE, "--of %s: features have rows of one kind only", c->of);
    return c->features || strcmp(kind, "features") == 0 ? take_features(s, c) : take_ratings(s, c);
}

void cluster_points_clear(cluster_points *c)
{
    gusto_ratings_destroy(c->ratings); /* which borrow the features */
    gusto_features_destroy(c->known);
    gusto_model_destroy(c->model);
}
