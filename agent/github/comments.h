/*
 * Comments on issues and pull requests. Permission: issues: write or pull-requests: write; reading
 * needs the same with read.
 */
#pragma once

#include "github/github.h"

/* GitHub's limit for a comment, in characters; a longer body is refused here. */
#define GITHUB_COMMENT_MAX 65536

struct github_comment {
    int64_t id;
    char *body;
    char *author;      /* login; "ghost" for a deleted account */
    char *association; /* OWNER, MEMBER, COLLABORATOR, CONTRIBUTOR, NONE, … ; no authorisation */
    char *url;
    int64_t created_s, updated_s;
};

struct github_comments {
    struct github_comment *items; /* oldest first */
    size_t count, cap;
};

void github_comment_release(struct github_comment *comment);
void github_comments_release(struct github_comments *list);
#define AUTO_GITHUB_COMMENT __attribute__((cleanup(github_comment_release)))
#define AUTO_GITHUB_COMMENTS __attribute__((cleanup(github_comments_release)))

/* Comments of issue or pull request `number` that changed since `since_s` (0: all). Appends. */
int github_comments_list(struct github *github, int64_t number, int64_t since_s,
                         struct github_comments *out, struct error *err) MUST_CHECK;
int github_comment_get(struct github *github, int64_t id, struct github_comment *out,
                       struct error *err) MUST_CHECK;
/* `out` may be NULL here and below. */
int github_comment_create(struct github *github, int64_t number, const char *body,
                          struct github_comment *out, struct error *err) MUST_CHECK;
int github_comment_update(struct github *github, int64_t id, const char *body,
                          struct github_comment *out, struct error *err) MUST_CHECK;

/*
 * The one comment that carries `marker` and is ours (github_login()): others can copy a marker, but
 * their comments are never touched. `marker` is a word (letters, digits, ":._-"), hidden in the
 * body as "<!-- marker -->".
 */
int github_comment_find(struct github *github, int64_t number, const char *marker,
                        struct github_comment *out, struct error *err) MUST_CHECK;
/* Updates that comment, or creates it where there is none; *created may be NULL. An unchanged body
 * is not sent. */
int github_comment_put(struct github *github, int64_t number, const char *marker, const char *body,
                       struct github_comment *out, bool *created, struct error *err) MUST_CHECK;

/* The same without a search: `known` is what github_comment_find() has found, id 0 for none, or
 * what the last call has left there. */
int github_comment_replace(struct github *github, int64_t number, const char *marker,
                           const char *body, struct github_comment *known,
                           struct error *err) MUST_CHECK;

/* "+1", "-1", "eyes", "rocket", "confused", … on a comment. The same one twice is fine. */
int github_comment_react(struct github *github, int64_t id, const char *reaction,
                         struct error *err) MUST_CHECK;
