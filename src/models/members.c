/* See members.h. */
#include "models/members.h"

#include "core/memory.h"
#include "data/features.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *name_at(const void *arg, int t, char *scratch)
{
    (void)arg;
    (void)scratch;
    return gu_model_type_at(t)->name;
}

/* The model that a label of n letters names: by the whole of it, else by what stands before the digits at its end. */
static const gu_model_type *type_of(const char *label, int *number)
{
    size_t n = strlen(label);
    *number = 0;
    for (int pass = 0; pass < 2; pass++) {
        const gu_model_type *type;
        for (int t = 0; (type = gu_model_type_at(t)); t++)
            if (strlen(type->name) == n && strncmp(type->name, label, n) == 0)
                return type;
        while (n > 0 && isdigit((unsigned char)label[n - 1]))
            n--;
        *number = atoi(label + n);
    }
    return NULL;
}

static gusto_status unknown(gusto_context *context, const char *label)
{
    int n = 0;
    while (gu_model_type_at(n))
        n++;
    return gu_unknown(context, GUSTO_EOPTION, "model", label, n, name_at, NULL);
}

static bool listed(const gu_roster *roster, const char *label)
{
    for (int m = 0; m < roster->n; m++)
        if (strcmp(roster->label[m], label) == 0)
            return true;
    return false;
}

gusto_status gu_roster_read(gusto_context *context, const gu_model_type *own, const char *text, gu_roster *out)
{
    out->n = 0;
    for (const char *at = text + strspn(text, ", "); *at; at += strspn(at, ", ")) {
        const size_t n = strcspn(at, ", ");
        if (out->n == GU_MAX_MEMBERS - 1)
            return gu_error(context, GUSTO_EOPTION, "more than %d members", GU_MAX_MEMBERS - 1);
        char *label = out->label[out->n];
        snprintf(label, GU_LABEL_TEXT, "%.*s", (int)(n < GU_LABEL_TEXT ? n : GU_LABEL_TEXT - 1), at);
        const gu_model_type *type = n < GU_LABEL_TEXT ? type_of(label, &out->number[out->n]) : NULL;
        if (!type)
            return unknown(context, label);
        if (type == own)
            return gu_error(context, GUSTO_EOPTION, "%s: a model cannot be a member of itself", label);
        if (listed(out, label))
            return gu_error(context, GUSTO_EOPTION, "%s is listed twice; %s2 would be another of its kind", label, type->name);
        out->type[out->n++] = type;
        at += n;
    }
    out->n_listed = out->n;
    if (own->companion && !listed(out, own->companion)) {
        snprintf(out->label[out->n], GU_LABEL_TEXT, "%s", own->companion);
        out->type[out->n] = type_of(own->companion, &out->number[out->n]);
        out->n++;
    }
    return GUSTO_OK;
}

gusto_status gu_roster_of(gusto_context *context, const gusto_model *model, gu_roster *out)
{
    out->n = out->n_listed = 0;
    return model->type->members ? gu_roster_read(context, model->type, gu_model_string(model, model->type->members), out)
                                : GUSTO_OK;
}

static bool uses(const gu_model_type *type, bool items)
{
    return items ? type->uses_item_features : type->uses_user_features;
}

bool gu_members_use(const gusto_model *model, bool items)
{
    bool        any = uses(model->type, items);
    const char *at = model->type->members ? gu_model_string(model, model->type->members) : "";
    for (at += strspn(at, ", "); *at && !any; at += strspn(at, ", ")) {
        const size_t n = strcspn(at, ", ");
        char         label[GU_LABEL_TEXT];
        int          number;
        snprintf(label, sizeof label, "%.*s", (int)(n < sizeof label ? n : sizeof label - 1), at);
        const gu_model_type *type = type_of(label, &number);
        any = type && uses(type, items);
        at += n;
    }
    return any;
}

gusto_status gu_roster_make(gusto_context *context, const gusto_model *model, const gu_roster *roster, int m, gusto_model **out)
{
    gusto_status status = gusto_model_create(context, roster->type[m]->name, out);
    for (int o = 0; status == GUSTO_OK && o < (*out)->options.n; o++) {
        char name[GU_OPTION_TEXT], full[GU_OPTION_TEXT + GU_LABEL_TEXT], text[GU_OPTION_TEXT];
        gu_options_at(&(*out)->options, o, name);
        snprintf(full, sizeof full, "%s.%s", roster->label[m], name);
        int source = gu_options_find(&model->options, full);
        if (source < 0) /* what the whole decides for all of them */
            source = gu_options_find(&model->options, name);
        if (source < 0)
            continue;
        gu_options_text(&model->options, source, text);
        status = gusto_model_set(context, *out, name, text);
    }
    if (status < 0) {
        gusto_model_destroy(*out);
        *out = NULL;
    }
    return status;
}

gusto_status gu_members_room(gusto_context *context, const gu_roster *roster, gu_state *state)
{
    state->member = gu_new_zero(context, roster->n, gu_member);
    if (!state->member)
        return GUSTO_ENOMEM;
    state->n_members = roster->n;
    for (int m = 0; m < roster->n; m++) {
        memcpy(state->member[m].label, roster->label[m], GU_LABEL_TEXT);
        state->member[m].number = roster->number[m];
    }
    return GUSTO_OK;
}

/* The features of the whole, where the member makes use of them. */
static void share_features(const gu_state *whole, const gu_model_type *type, gu_state *state)
{
    gusto_features_destroy(state->user_features);
    gusto_features_destroy(state->item_features);
    state->user_features = type->uses_user_features ? gu_features_retain(whole->user_features) : NULL;
    state->item_features = type->uses_item_features ? gu_features_retain(whole->item_features) : NULL;
}

void gu_members_describe(gu_state *state, int m)
{
    gu_state *inner = &state->member[m].model->state;
    inner->n_users = state->n_users;
    inner->n_items = state->n_items;
    inner->user_ids = gusto_ids_retain(state->user_ids);
    inner->item_ids = gusto_ids_retain(state->item_ids);
    inner->low = state->low;
    inner->high = state->high;
    inner->mean = state->mean;
    inner->seed = state->seed + (uint64_t)state->member[m].number;
    inner->seen_start = state->seen_start;
    inner->seen_item = state->seen_item;
    inner->shares_seen = true;
    share_features(state, state->member[m].model->type, inner);
}

/* The arrays of the whole in place of the member's own. */
static void share(const gu_state *whole, const gusto_allocator *allocator, gu_state *state)
{
    if (!state->shares_seen) {
        gu_free(allocator, state->seen_start);
        gu_free(allocator, state->seen_item);
    }
    state->shares_seen = true;
    state->seen_start = whole->seen_start;
    state->seen_item = whole->seen_item;
}

gusto_status gu_members_settle(gusto_context *context, gu_state *state)
{
    for (int m = 0; m < state->n_members; m++) {
        gu_member *member = &state->member[m];
        gu_state  *inner = &member->model->state;
        share(state, &member->model->allocator, inner);
        share_features(state, member->model->type, inner);
        member->name = gu_alloc(context, inner->n_tensors, sizeof *member->name);
        if (!member->name)
            return GUSTO_ENOMEM;
        for (int t = 0; t < inner->n_tensors; t++)
            snprintf(member->name[t], sizeof member->name[t], "%s.%s", member->label, inner->tensor[t].name);
    }
    return GUSTO_OK;
}

bool gu_members_tensor_at(const gu_state *state, int t, gusto_tensor *out)
{
    for (int m = 0; m < state->n_members && t >= 0; m++) {
        const gu_state *inner = &state->member[m].model->state;
        if (t < inner->n_tensors) {
            *out = inner->tensor[t];
            out->name = state->member[m].name[t];
            return true;
        }
        t -= inner->n_tensors;
    }
    return false;
}

bool gu_members_tensor(const gu_state *state, const char *name, gusto_tensor *out)
{
    for (int t = 0; gu_members_tensor_at(state, t, out); t++)
        if (strcmp(out->name, name) == 0)
            return true;
    return false;
}

int gu_members_find(const gu_state *state, const char *name, const char **rest)
{
    for (int m = 0; m < state->n_members; m++) {
        const size_t n = strlen(state->member[m].label);
        if (strncmp(state->member[m].label, name, n) == 0 && name[n] == '.') {
            *rest = name + n + 1;
            return m;
        }
    }
    return -1;
}

void gu_members_clear(const gusto_allocator *allocator, gu_state *state)
{
    for (int m = 0; m < state->n_members; m++) {
        gusto_model_destroy(state->member[m].model);
        gu_free(allocator, state->member[m].name);
    }
    gu_free(allocator, state->member);
    state->member = NULL;
    state->n_members = 0;
}
