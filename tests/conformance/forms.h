/* The forms that models come in: solvers, losses, variants. A form is one line; forms.c says which choices have to be among them. */
#ifndef TESTS_FORMS_H
#define TESTS_FORMS_H

#include "fixture.h"

/* options: "NAME=TEXT NAME=TEXT ...", beside what makes a fit quick. */
typedef struct form {
    const char *model, *options;
} form;

#define DMF_PUBLISHED "last=relu scale=1 learn_scale=no item_bias=no dropout=0 mask=no use_values=yes "

static const form forms[] = {
    {"mf", "grid=9"},
    {"mf", "loss=logistic nonnegative=yes"},
    {"mf", "optimizer=adagrad biases=no l2_by_count=no grid=5"},
    {"mf", "solver=minibatch optimizer=momentum rate=step schedule=users gradient=sum way=dense learning_rate=1e-3"},
    {"mf", "solver=minibatch optimizer=nesterov rate=exponential schedule=items gradient=mean way=auto"},
    {"mf", "solver=minibatch optimizer=adagrad rate=inverse-time schedule=blocks way=gathered"},
    {"mf", "solver=minibatch optimizer=rmsprop rate=plateau schedule=full way=dense"},
    {"mf", "solver=minibatch optimizer=adam rate=bold-driver loss=logistic"},
    {"mf", "solver=minibatch optimizer=adamw rate=constant biases=no way=sparse"},
    {"mf", "solver=minibatch optimizer=amsgrad nonnegative=yes warmup=1 clip=0.5 l2_by_count=no"},
    {"hybrid", "members=cluster,mf"},
    {"hybrid", "members=als,content combine=nnls cold_folds=2"},
    {"hybrid", "members=baseline,itemknn vary=no cold_folds=0"},
    {"hybrid", "members=ease,slim,popularity combine=zscore learned=yes"},
    {"hybrid", "members=ials,rp3beta combine=rank"},
    {"baseline", ""},
    {"popularity", ""},
    {"nmf", ""},
    {"ease", "form=items"},
    {"ease", "form=users drop=0.3 scale=0.4 features=0"},
    {"ease", "form=auto use_values=yes features=0"},
    {"svdpp", ""},
    {"als", ""},
    {"als", "solver=cg"},
    {"als", "nonnegative=yes"},
    {"als", "biases=no l2_by_count=no"},
    {"als", "rank=40 solver=exact"}, /* factored by LAPACKE or in blocks, not in registers */
    {"ials", "extrapolation=0.8"},
    {"ials", "solver=cg"},
    {"ials", "solver=subspace rank=40 block=16"},
    {"ials", "confidence=log alpha=2 extrapolation=0"},
    {"slim", ""},
    {"slim", "use_values=yes"},
    {"rp3beta", ""},
    {"rp3beta", "use_values=yes"},
    {"itemknn", ""},
    {"itemknn", "similarity=adjusted_cosine target=ratings reverse=yes"},
    {"itemknn", "similarity=cosine target=ranking"},
    {"itemknn", "similarity=jaccard target=auto use_values=yes"},
    {"itemknn", "similarity=dice target=ratings kept=20"},
    {"itemknn", "similarity=dot target=ranking weighting=bm25"},
    {"itemknn", "similarity=cosine target=ranking weighting=tfidf shrink_by=denominator"},
    {"userknn", ""},
    {"userknn", "similarity=adjusted_cosine target=ratings reverse=yes"},
    {"userknn", "similarity=cosine target=ranking"},
    {"userknn", "similarity=jaccard target=auto use_values=yes"},
    {"userknn", "similarity=dice target=ratings kept=20"},
    {"userknn", "similarity=dot target=ranking weighting=bm25"},
    {"userknn", "similarity=cosine target=ranking weighting=tfidf shrink_by=denominator"},
    {"autoencoder", "variant=items dropout=0.3"},
    {"autoencoder", "variant=users activation=relu optimizer=momentum learning_rate=1e-4"},
    {"autoencoder", "variant=multinomial activation=tanh dropout=0.5"},
    {"autoencoder", "variant=multinomial activation=none use_values=yes schedule=users"},
    {"dmf", ""},
    {"dmf", DMF_PUBLISHED "loss=normalized negatives=2"},
    {"dmf", DMF_PUBLISHED "loss=binary negatives=2 layer3=5"},
    {"dmf", "head=linear l2=1e-3 layer2=0 optimizer=adamw"},
    {"dmf", "head=linear loss=normalized negatives=2 schedule=full"},
    {"cluster", ""},
    {"cluster", "method=kmeans side=items"},
    {"cluster", "method=kmeans points=ratings clusters=0"},
    {"cocluster", ""},
    {"cocluster", "temperature=0"},
    {"content", ""},
    {"content", "feedback=implicit"},
    {"bpr", "sampling=uniform"},
    {"bpr", "sampling=popularity biases=no"},
    {"bpr", "sampling=dynamic"},
    {"puresvd", ""},
    {"puresvd", "use_values=yes scale=0.5 profile=plain"},
    {"slopeone", ""},
    {"slopeone", "biases=no"},
    {"fmf", "user_clusters=0 item_clusters=0"},
    {"fmf", "user_clusters=3 item_clusters=4 optimizer=sgd"},
    {"logistic", ""},
    {"logistic", "use_values=yes steps=2"},
    {"warp", ""},
    {"warp", "biases=no"},
};

enum { N_FORMS = sizeof forms / sizeof *forms };

/* What makes a fit quick, where a model has the option. */
static const struct {
    const char *name;
    double      value;
} quick[] = {{"epochs", 2},  {"sweeps", 2},   {"batch_size", 64},   {"folds", 2},         {"cold_folds", 0},
             {"starts", 2},  {"clusters", 4}, {"user_clusters", 3}, {"item_clusters", 3}, {"rank", 12},
             {"hidden", 12}, {"layer1", 20},  {"layer2", 10}};

/* The model of a form; NULL without memory. */
static inline gusto_model *form_model(gusto_context *context, const form *f)
{
    gusto_model        *model;
    char                full[GUSTO_OPTION_TEXT], text[GUSTO_OPTION_TEXT];
    const gusto_option *option;
    gusto_status        status = gusto_model_create(context, f->model, &model);
    if (status < 0)
        return NULL;
    for (const char *at = f->options; *at && status == GUSTO_OK; at += strspn(at, " ")) {
        const size_t length = strcspn(at, " ");
        snprintf(text, sizeof text, "%.*s", (int)length, at);
        char *is = strchr(text, '=');
        *is = 0;
        status = gusto_model_set(context, model, text, is + 1);
        at += length;
    }
    for (int o = 0; status == GUSTO_OK && gusto_model_option_at(model, o, full, &option); o++)
        for (size_t q = 0; q < sizeof quick / sizeof *quick; q++)
            if (strcmp(option->name, quick[q].name) == 0 && !strstr(f->options, full))
                status = fixture_set(context, model, full, quick[q].value);
    ck_assert_msg(status == GUSTO_OK || status == GUSTO_ENOMEM, "%s %s: %s", f->model, f->options,
                  gusto_context_message(context));
    if (status < 0)
        gusto_model_destroy(model);
    return status < 0 ? NULL : model;
}

#endif
