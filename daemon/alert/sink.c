/* SPDX-License-Identifier: Apache-2.0 */
/* The table of sinks. */
#include "daemon/alert/sink.h"

#include <string.h>

#include "common/base/cleanup.h"

const struct sink_type *const sink_types[] = {
	&sink_journal,
	&sink_webhook,
};
const size_t sink_n_types = ARRAY_SIZE(sink_types);

const struct sink_type *sink_type_find(const char *name)
{
	for (size_t i = 0; i < sink_n_types; i++)
		if (strcmp(sink_types[i]->name, name) == 0)
			return sink_types[i];
	return NULL;
}
