/* gusto: recommender systems in C. Includes every public header. */
#ifndef GUSTO_H
#define GUSTO_H

#include "container.h"
#include "context.h"
#include "evaluate.h"
#include "features.h"
#include "ids.h"
#include "kmeans.h"
#include "model.h"
#include "optimizer.h"
#include "option.h"
#include "rate.h"
#include "ratings.h"
#include "read.h"
#include "schedule.h"
#include "split.h"
#include "status.h"
#include "synth.h"
#include "train.h"
#include "types.h"

#endif
