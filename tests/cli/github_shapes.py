"""What GitHub's REST API answers: objects with every field that its OpenAPI description requires.

Each function takes the address of the API and plain state; github_server.py keeps the state.
"""

import base64
import hashlib
import time

USER_LINKS = ("events_url", "followers_url", "following_url", "gists_url", "organizations_url", "received_events_url",
              "repos_url", "starred_url", "subscriptions_url")
REPOSITORY_LINKS = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors deployments "
    "downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels "
    "languages merges milestones notifications pulls releases stargazers statuses subscribers subscription tags teams "
    "trees").split()


def stamp(seconds):
    return None if seconds is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def number_of(text):
    """The same id for the same text, as a database would give it."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:7], 16) + 1


def node(kind, number):
    return f"{kind}_{number}"


def user(api, login):
    base = f"{api}/users/{login}"
    number = number_of(login)
    return {
        "login": login, "id": number, "node_id": node("U", number), "avatar_url": f"{base}/avatar", "gravatar_id": "",
        "url": base, "html_url": f"https://github.com/{login}", "type": "Bot" if login.endswith("[bot]") else "User",
        "site_admin": False, **{name: f"{base}/{name.removesuffix('_url')}" for name in USER_LINKS},
    }


def private_user(api, login):
    return user(api, login) | {
        "bio": None, "blog": "", "company": None, "email": None, "followers": 0, "following": 0, "hireable": None,
        "location": None, "name": login, "public_gists": 0, "public_repos": 1, "created_at": stamp(0),
        "updated_at": stamp(0), "collaborators": 0, "disk_usage": 0, "owned_private_repos": 0, "private_gists": 0,
        "total_private_repos": 0, "two_factor_authentication": True,
    }


def repository(api, full_name, *, fork=False, private=False):
    base = f"{api}/repos/{full_name}"
    owner, name = full_name.split("/")
    number = number_of(full_name)
    return {
        "id": number, "node_id": node("R", number), "name": name, "full_name": full_name, "owner": user(api, owner),
        "private": private, "html_url": f"https://github.com/{full_name}", "description": None, "fork": fork,
        "url": base, **{f"{link}_url": f"{base}/{link}" for link in REPOSITORY_LINKS},
    }


def full_repository(api, full_name, default_branch, **more):
    where = f"github.com/{full_name}.git"
    return repository(api, full_name, **more) | {
        "clone_url": f"https://{where}", "git_url": f"git://{where}", "ssh_url": f"git@{where}",
        "svn_url": f"https://{where}", "mirror_url": None, "homepage": None, "default_branch": default_branch,
        "forks": 0, "forks_count": 0, "has_issues": True, "has_projects": True, "has_wiki": True, "has_pages": False,
        "has_discussions": False, "has_downloads": True, "language": "Rust", "archived": False, "disabled": False,
        "open_issues": 0, "open_issues_count": 0, "license": None, "pushed_at": stamp(0), "size": 1,
        "stargazers_count": 0, "watchers": 0, "watchers_count": 0, "created_at": stamp(0), "updated_at": stamp(0),
        "network_count": 0, "subscribers_count": 0,
    }


def commit(api, full_name, state):
    base = f"{api}/repos/{full_name}"
    html = f"https://github.com/{full_name}/commit"
    sha = state["sha"]
    git_time = {"name": state["author"], "email": f"{state['author']}@example.com"}
    return {
        "sha": sha, "node_id": node("C", sha), "url": f"{base}/commits/{sha}", "html_url": f"{html}/{sha}",
        "comments_url": f"{base}/commits/{sha}/comments",
        "author": user(api, state["author"]), "committer": user(api, state["author"]),
        "commit": {
            "author": git_time | {"date": stamp(state["author_s"])},
            "committer": git_time | {"date": stamp(state["commit_s"])},
            "message": state["message"], "comment_count": 0, "url": f"{base}/git/commits/{sha}",
            "tree": {"sha": sha, "url": f"{base}/git/trees/{sha}"},
            "verification": {"verified": False, "reason": "unsigned", "payload": None, "signature": None,
                             "verified_at": None},
        },
        "parents": [{"sha": p, "url": f"{base}/commits/{p}", "html_url": f"{html}/{p}"} for p in state["parents"]],
    }


def comparison(api, full_name, base, head, ahead, behind, merge_base):
    url = f"{api}/repos/{full_name}/compare/{base['sha']}...{head['sha']}"
    status = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}.get(
        (bool(ahead), bool(behind)), "diverged")
    return {
        "url": url, "html_url": url, "permalink_url": url, "diff_url": url, "patch_url": url, "status": status,
        "base_commit": commit(api, full_name, base), "merge_base_commit": commit(api, full_name, merge_base),
        "ahead_by": len(ahead), "behind_by": len(behind), "total_commits": len(ahead),
        "commits": [commit(api, full_name, c) for c in ahead], "files": [],
    }


def run(api, full_name, state):
    base = f"{api}/repos/{full_name}/actions"
    url = f"{base}/runs/{state['id']}"
    where = repository(api, full_name)
    person = {"name": state["actor"], "email": f"{state['actor']}@example.com"}
    return {
        "id": state["id"], "node_id": node("WFR", state["id"]), "name": state["name"],
        "display_title": state["title"], "run_number": state["number"], "run_attempt": state["attempt"],
        "event": state["event"], "status": state["status"], "conclusion": state["conclusion"],
        "head_branch": state["head_branch"], "head_sha": state["head_sha"], "path": state["path"],
        "workflow_id": state["workflow_id"], "url": url,
        "html_url": f"https://github.com/{full_name}/actions/runs/{state['id']}",
        "created_at": stamp(state["created_s"]), "run_started_at": stamp(state["created_s"]),
        "updated_at": stamp(state["updated_s"]), "actor": user(api, state["actor"]),
        "triggering_actor": user(api, state["actor"]), "pull_requests": [],
        "head_commit": {"id": state["head_sha"], "tree_id": state["head_sha"], "message": "a commit",
                        "timestamp": stamp(state["created_s"]), "author": person, "committer": person},
        "repository": where, "head_repository": where, "check_suite_url": f"{url}/check-suite",
        **{f"{link}_url": f"{url}/{link}" for link in ("jobs", "logs", "cancel", "rerun", "artifacts")},
        "workflow_url": f"{base}/workflows/{state['workflow_id']}",
    }


def job(api, full_name, run_state, number):
    base = f"{api}/repos/{full_name}"
    done = run_state["status"] == "completed"
    return {
        "id": number, "node_id": node("CR", number), "run_id": run_state["id"],
        "run_url": f"{base}/actions/runs/{run_state['id']}", "run_attempt": run_state["attempt"],
        "head_sha": run_state["head_sha"], "head_branch": run_state["head_branch"],
        "workflow_name": run_state["name"], "name": "benchmark", "url": f"{base}/actions/jobs/{number}",
        "html_url": f"https://github.com/{full_name}/actions/runs/{run_state['id']}/job/{number}",
        "status": run_state["status"], "conclusion": run_state["conclusion"],
        "created_at": stamp(run_state["created_s"]), "started_at": stamp(run_state["created_s"]),
        "completed_at": stamp(run_state["updated_s"]) if done else None, "steps": [],
        "check_run_url": f"{base}/check-runs/{number}", "labels": ["self-hosted"], "runner_id": 1,
        "runner_name": "bench-1", "runner_group_id": 1, "runner_group_name": "Default",
    }


def comment(api, full_name, state):
    base = f"{api}/repos/{full_name}/issues"
    return {
        "id": state["id"], "node_id": node("IC", state["id"]), "url": f"{base}/comments/{state['id']}",
        "html_url": f"https://github.com/{full_name}/issues/{state['number']}#issuecomment-{state['id']}",
        "issue_url": f"{base}/{state['number']}", "user": user(api, state["author"]), "body": state["body"],
        "created_at": stamp(state["created_s"]), "updated_at": stamp(state["updated_s"]),
        "author_association": state["association"],
    }


def reaction(api, state):
    return {"id": state["id"], "node_id": node("REA", state["id"]), "user": user(api, state["author"]),
            "content": state["content"], "created_at": stamp(state["created_s"])}


def app(api, slug):
    return {"id": number_of(slug), "node_id": node("A", slug), "slug": slug, "owner": user(api, "github"),
            "name": slug, "description": "", "external_url": "https://example.com",
            "html_url": f"https://github.com/apps/{slug}", "created_at": stamp(0), "updated_at": stamp(0),
            "permissions": {"checks": "write"}, "events": []}


def check(api, full_name, state):
    url = f"{api}/repos/{full_name}/check-runs/{state['id']}"
    html = f"https://github.com/{full_name}/runs/{state['id']}"
    return {
        "id": state["id"], "node_id": node("CR", state["id"]), "name": state["name"], "head_sha": state["head_sha"],
        "external_id": state["external_id"], "url": url, "html_url": html,
        "details_url": state["details_url"] or html, "status": state["status"], "conclusion": state["conclusion"],
        "started_at": stamp(state["started_s"]), "completed_at": stamp(state["completed_s"]),
        "output": {"title": state["title"], "summary": state["summary"], "text": state["text"],
                   "annotations_count": 0, "annotations_url": f"{url}/annotations"},
        "check_suite": {"id": 1}, "app": app(api, state["app"]), "pull_requests": [],
    }


def artifact(api, full_name, state):
    url = f"{api}/repos/{full_name}/actions/artifacts/{state['id']}"
    number = number_of(full_name)
    return {
        "id": state["id"], "node_id": node("AR", state["id"]), "name": state["name"],
        "size_in_bytes": len(state["zip"]), "url": url, "archive_download_url": f"{url}/zip",
        "expired": state["expired"], "created_at": stamp(state["created_s"]), "updated_at": stamp(state["created_s"]),
        "expires_at": stamp(state["created_s"] + 90 * 86400),
        "digest": "sha256:" + hashlib.sha256(state["zip"]).hexdigest(),
        "workflow_run": {"id": state["run_id"], "repository_id": number, "head_repository_id": number,
                         "head_branch": "main", "head_sha": state["head_sha"]},
    }


def content(api, full_name, branch, path, text):
    sha = hashlib.sha1(text.encode()).hexdigest()
    url = f"{api}/repos/{full_name}/contents/{path}?ref={branch}"
    html = f"https://github.com/{full_name}/blob/{branch}/{path}"
    git = f"{api}/repos/{full_name}/git/blobs/{sha}"
    return {
        "type": "file", "encoding": "base64", "size": len(text.encode()), "name": path.split("/")[-1], "path": path,
        "content": base64.encodebytes(text.encode()).decode(), "sha": sha, "url": url, "git_url": git, "html_url": html,
        "download_url": html, "_links": {"self": url, "git": git, "html": html},
    }


def pull_side(api, full_name, ref, sha, *, gone=False):
    owner = full_name.split("/")[0]
    return {"label": f"{owner}:{ref}", "ref": ref, "sha": sha, "user": user(api, owner),
            "repo": None if gone else full_repository(api, full_name, "main")}


def pull(api, full_name, state, *, whole):
    base = f"{api}/repos/{full_name}"
    url, html = f"{base}/pulls/{state['number']}", f"https://github.com/{full_name}/pull/{state['number']}"
    links = {"self": url, "html": html, "issue": f"{base}/issues/{state['number']}", "comments": f"{url}/comments",
             "review_comments": f"{url}/comments", "review_comment": f"{url}/comments{{/number}}",
             "commits": f"{url}/commits", "statuses": f"{base}/statuses/{state['head_sha']}"}
    shape = {
        "id": number_of(html), "node_id": node("PR", state["number"]), "number": state["number"], "url": url,
        "html_url": html, "diff_url": f"{html}.diff", "patch_url": f"{html}.patch", "issue_url": links["issue"],
        "commits_url": links["commits"], "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"], "comments_url": links["comments"],
        "statuses_url": links["statuses"], "state": state["state"], "locked": False, "title": state["title"],
        "user": user(api, state["author"]), "body": None, "labels": [label(api, full_name, x) for x in state["labels"]],
        "milestone": None, "assignee": None, "created_at": stamp(state["created_s"]),
        "updated_at": stamp(state["updated_s"]), "closed_at": None,
        "merged_at": stamp(state["updated_s"]) if state["merged"] else None,
        "merge_commit_sha": state["merge_sha"],
        "head": pull_side(api, state["head_repo"] or "ghost/gone", state["head_ref"], state["head_sha"],
                          gone=not state["head_repo"]),
        "base": pull_side(api, full_name, state["base_ref"], state["base_sha"]),
        "_links": {name: {"href": target} for name, target in links.items()}, "draft": state["draft"],
        "author_association": "NONE", "auto_merge": None,
    }
    if whole:
        shape |= {"merged": state["merged"], "mergeable": True, "mergeable_state": "clean", "merged_by": None,
                  "comments": 0, "review_comments": 0, "maintainer_can_modify": False, "commits": 1, "additions": 1,
                  "deletions": 0, "changed_files": 1}
    return shape


def issue(api, full_name, state):
    """A pull request, as the list of issues has it."""
    base, number = f"{api}/repos/{full_name}", state["number"]
    url, html = f"{base}/issues/{number}", f"https://github.com/{full_name}/pull/{number}"
    closed = stamp(state["updated_s"]) if state["state"] == "closed" else None
    return {
        "id": number_of(html), "node_id": node("PR", number), "number": number, "url": url, "html_url": html,
        "repository_url": base, "labels_url": f"{url}/labels{{/name}}", "comments_url": f"{url}/comments",
        "events_url": f"{url}/events", "state": state["state"], "locked": False, "title": state["title"], "body": None,
        "user": user(api, state["author"]), "labels": [label(api, full_name, x) for x in state["labels"]],
        "milestone": None, "assignee": None, "comments": 0, "created_at": stamp(state["created_s"]),
        "updated_at": stamp(state["updated_s"]), "closed_at": closed, "author_association": "NONE",
        "draft": state["draft"],
        "pull_request": {"url": f"{base}/pulls/{number}", "html_url": html, "diff_url": f"{html}.diff",
                         "patch_url": f"{html}.patch", "merged_at": closed if state["merged"] else None},
    }


def label(api, full_name, name):
    return {"id": number_of(name), "node_id": node("LA", name), "url": f"{api}/repos/{full_name}/labels/{name}",
            "name": name, "description": "", "color": "ededed", "default": False}
