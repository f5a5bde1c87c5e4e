// SPDX-License-Identifier: GPL-2.0
/*
 * What programs are told; see page_json.h.
 */
#include "json.h"
#include "page_json.h"

static const char *class_name(unsigned int class)
{
	return page_class_name(class);
}

static void json_counts(FILE *f, const char *key, const uint64_t *counts, unsigned int nr,
			const char *(*name)(unsigned int))
{
	const char *comma = "";
	unsigned int i;

	fprintf(f, "\"%s\": {", key);
	for (i = 0; i < nr; i++) {
		if (!counts[i])
			continue;
		fprintf(f, "%s ", comma);
		json_string(f, name(i));
		fprintf(f, ": %llu", (unsigned long long)counts[i]);
		comma = ",";
	}
	fprintf(f, " }");
}

/* What was looked at in each view, and what that is worth. */
static void json_looks(FILE *f, const struct page_counts *c)
{
	const char *comma = "";
	unsigned int i;

	fprintf(f, "\"looks\": {");
	for (i = 0; i < VIEW_NR; i++) {
		const struct interval rate = evidence_interval(&c->view[i], EVIDENCE_CONFIDENCE);

		if (!c->view[i].events)
			continue;
		fprintf(f,
			"%s\n        \"%s\": { \"events\": %llu, \"violations\": %llu, \"rate_high\": %.6g }",
			comma, page_view_name(i), (unsigned long long)c->view[i].events,
			(unsigned long long)c->view[i].violations, rate.high);
		comma = ",";
	}
	fprintf(f, " }");
}

/* The first that were wrong, and the pieces in which they were. */
static void json_samples(FILE *f, const struct page_counts *c)
{
	const char *comma = "";
	unsigned int i;

	fprintf(f, "\"samples\": [");
	for (i = 0; i < c->samples && i < PAGE_SAMPLES; i++) {
		const struct page_sample *s = &c->sample[i];

		fprintf(f, "%s\n        { \"view\": \"%s\", \"class\": \"%s\", \"file\": %u,",
			comma, page_view_name(s->view), page_class_name(s->damage.class),
			s->id.file);
		fprintf(f, " \"page\": %u, \"generation\": %u", s->id.page, s->id.generation);
		if (s->damage.pieces)
			fprintf(f, ", \"pieces\": %u, \"piece\": %u, \"multiple_of\": %u",
				s->damage.pieces, s->damage.piece, s->damage.grain);
		fprintf(f, " }");
		comma = ",";
	}
	fprintf(f, " ]");
}

void page_json_variant(FILE *f, const char *name, const char *site, const struct page_result *r)
{
	const struct page_counts *c = &r->counts;
	const struct interval rate = evidence_interval(&c->pages, EVIDENCE_CONFIDENCE);
	const char *comma = "";
	unsigned int i;

	fprintf(f, "    { \"name\": \"%s\", ", name);
	answer_json(f, &r->answer);
	fprintf(f,
		",\n      \"events\": %llu, \"violations\": %llu, \"stored\": %llu, \"creations\": %llu,\n      \"compared\": %llu,\n",
		(unsigned long long)c->pages.events,
		(unsigned long long)c->pages.violations, (unsigned long long)c->stored,
		(unsigned long long)c->creations, (unsigned long long)c->looks);
	fprintf(f,
		"      \"rate_low\": %.6g, \"rate_high\": %.6g, \"seconds\": %.3f, \"rounds\": %llu,\n      \"window\": %u, \"batch\": %u,\n",
		rate.low, rate.high, r->seconds, (unsigned long long)r->rounds, r->window,
		r->batch);
	if (c->pages.violations)
		fprintf(f, "      \"first_ms\": %llu,\n", (unsigned long long)c->first_ms);
	fprintf(f, "      \"views\": [");
	for (i = 0; i < VIEW_PAGES; i++) {
		if (!(c->views & ~page_counts_not_looked(c) & VIEW_BIT(i)))
			continue;
		fprintf(f, "%s \"%s\"", comma, page_view_name(i));
		comma = ",";
	}
	fprintf(f, " ], \"site\": ");
	json_string(f, site);
	fprintf(f, ",\n      ");
	json_looks(f, c);
	fprintf(f, ",\n      ");
	json_counts(f, "classes", c->class, PAGE_NR_CLASSES, class_name);
	fprintf(f, ", ");
	json_counts(f, "places", c->place, PLACE_NR, page_place_name);
	fprintf(f, ",\n      ");
	json_samples(f, c);
	fprintf(f, " }");
}

void page_json_head(FILE *f)
{
	fprintf(f, ",\n  \"computed_by\": ");
	json_string(f, page_vector_means());
	fprintf(f, ",\n  \"directory\": ");
	json_string(f, page_opt.dir ?: PAGE_DIRECTORY);
	fprintf(f, ",\n  \"file_system\": ");
	json_string(f, page_opt.fs ?: "");
	fprintf(f, ",\n  \"direct\": %s,\n  \"control_damaged_pages\": %s",
		page_opt.direct ? "true" : "false",
		page_shared->control_ok[SITE_ASKED] ? "true" : "false");
	planted_json(f, &page_shared->planted);
}
