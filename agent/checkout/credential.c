#include "checkout/credential.h"

#include "base/alloc.h"
#include "base/file.h"

#include <string.h>

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static bool is_loopback(const char *host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    size_t len = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strlen(names[i]) == len && !strncmp(host, names[i], len))
            return true;
    return false;
}

/* The token for `host`, or NULL. */
static const char *token_for(const struct credential *credential, const char *host)
{
    const char *token = environment("LANCE_BENCH_GIT_TOKEN");
    if (token && credential->token_host && !strcmp(host, credential->token_host))
        return token;
    const char *server = environment("GITHUB_SERVER_URL");
    AUTO_FREE char *github = remote_host_of(server ? server : "https://github.com");
    return github && !strcmp(host, github) ? environment("GITHUB_TOKEN") : NULL;
}

static bool is_safe_for_token(const struct remote *remote)
{
    return remote->kind == REMOTE_HTTPS ||
           (remote->kind == REMOTE_HTTP && is_loopback(remote->host));
}

bool credential_has_secret(const struct credential *credential)
{
    const struct remote *remote = credential->remote;
    if (remote->kind != REMOTE_HTTPS && remote->kind != REMOTE_HTTP)
        return false;
    return remote->user || (is_safe_for_token(remote) && token_for(credential, remote->host));
}

static int answer_http(struct credential *credential, const char *url, git_credential **out)
{
    const struct remote *remote = credential->remote;
    /* A redirect may have led elsewhere; secrets stay with the host they are for. */
    AUTO_FREE char *host = remote_host_of(url);
    bool same = host && !strcmp(host, remote->host) &&
                (remote->kind == REMOTE_HTTP || !strncmp(url, "https://", 8));
    if (credential->offered || !same || !credential_has_secret(credential))
        return GIT_EAUTH;
    credential->offered = true;
    if (remote->user)
        return git_credential_userpass_plaintext_new(out, remote->user,
                                                     remote->password ? remote->password : "");
    return git_credential_userpass_plaintext_new(out, "x-access-token",
                                                 token_for(credential, remote->host));
}

static int answer_ssh_key(const char *user, const char *file, git_credential **out)
{
    const char *home = environment("HOME");
    AUTO_FREE char *private_key = xasprintf("%s/.ssh/%s", home ? home : "", file);
    AUTO_FREE char *public_key = xasprintf("%s.pub", private_key);
    if (!path_exists(private_key))
        return GIT_EAUTH;
    return git_credential_ssh_key_new(out, user, path_exists(public_key) ? public_key : NULL,
                                      private_key, NULL);
}

static int answer_ssh(struct credential *credential, const char *user, unsigned allowed,
                      git_credential **out)
{
    static const char *const files[] = {"id_ed25519", "id_ecdsa", "id_rsa"};
    if (!user)
        user = credential->remote->user ? credential->remote->user : "git";
    if (allowed & GIT_CREDENTIAL_USERNAME)
        return git_credential_username_new(out, user);
    if ((allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT) && credential->remote->password) {
        if (credential->offered)
            return GIT_EAUTH;
        credential->offered = true;
        return git_credential_userpass_plaintext_new(out, user, credential->remote->password);
    }
    if (!(allowed & GIT_CREDENTIAL_SSH_KEY))
        return GIT_EAUTH;
    while (credential->ssh_step <= ARRAY_SIZE(files)) {
        unsigned step = credential->ssh_step++;
        int found = GIT_EAUTH;
        if (step)
            found = answer_ssh_key(user, files[step - 1], out);
        else if (environment("SSH_AUTH_SOCK"))
            found = git_credential_ssh_key_from_agent(out, user);
        if (found != GIT_EAUTH)
            return found;
    }
    return GIT_EAUTH;
}

int credential_answer(struct credential *credential, const char *url, const char *user,
                      unsigned allowed, git_credential **out)
{
    credential->asked = true;
    if (credential->remote->kind == REMOTE_SSH)
        return answer_ssh(credential, user, allowed, out);
    if (!(allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT))
        return GIT_EAUTH;
    return answer_http(credential, url, out);
}

int credential_fail(const struct credential *credential, struct error *err)
{
    const struct remote *remote = credential->remote;
    if (remote->kind == REMOTE_SSH)
        return error_set(err, ERROR_FAILURE,
                         "%s refused every key: load one into the ssh agent, or put one without a "
                         "passphrase into ~/.ssh (id_ed25519, id_ecdsa or id_rsa)",
                         remote->url);
    if (credential->offered)
        return error_set(err, ERROR_FAILURE,
                         "%s refused the %s: see whether it is valid and may read this repository",
                         remote->url, remote->user ? "user name and password" : "token");
    if (remote->kind == REMOTE_HTTP && !is_loopback(remote->host))
        return error_set(err, ERROR_FAILURE,
                         "%s asks for a password, and a token is not sent unencrypted: use https",
                         remote->url);
    return error_set(err, ERROR_FAILURE,
                     "%s asks for a password (or does not exist): set LANCE_BENCH_GIT_TOKEN to a "
                     "token that may read it",
                     remote->url);
}
