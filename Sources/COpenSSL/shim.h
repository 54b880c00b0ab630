// SPDX-License-Identifier: Apache-2.0
// OpenSSL as Swift sees it. The inline functions are macros of OpenSSL, which Swift cannot import.
#pragma once
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ocsp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// SSL_OP_* are shifts of a 64-bit one. No renegotiation (CVE-2011-1473 and the cost of it), no
// compression (CRIME); the client chooses the cipher (Mozilla intermediate: all of them are good).
static inline void banyan_tls_set_options(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_clear_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE |
                                       SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION |
                                       SSL_OP_LEGACY_SERVER_CONNECT);
    // A write may end after a record, from a buffer that has moved; buffers of an idle connection
    // are freed; chains are what the file says, never what the store would add.
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    // One read for header and body of a record.
    SSL_CTX_set_read_ahead(context, 1);
}
static inline int banyan_tls_set_versions(SSL_CTX *context, int least) {
    return SSL_CTX_set_min_proto_version(context, least) == 1 &&
           SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1;
}
static inline void banyan_tls_set_chain_bytes(SSL_CTX *context, long most) {
    SSL_CTX_set_max_cert_list(context, most);
}
static inline int banyan_tls_set_groups(SSL_CTX *context, const char *list) {
    return (int)SSL_CTX_set1_groups_list(context, list);
}
static inline int banyan_tls_add_chain(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}
static inline void banyan_tls_set_session_cache(SSL_CTX *context, int mode) {
    SSL_CTX_set_session_cache_mode(context, mode);
}
static inline void banyan_tls_on_server_name(SSL_CTX *context, int (*callback)(SSL *, int *, void *),
                                             void *argument) {
    SSL_CTX_set_tlsext_servername_callback(context, callback);
    SSL_CTX_set_tlsext_servername_arg(context, argument);
}
static inline void banyan_tls_on_status(SSL_CTX *context, int (*callback)(SSL *, void *),
                                        void *argument) {
    SSL_CTX_set_tlsext_status_cb(context, callback);
    SSL_CTX_set_tlsext_status_arg(context, argument);
}
static inline int banyan_tls_set_staple(SSL *session, unsigned char *bytes, long count) {
    return (int)SSL_set_tlsext_status_ocsp_resp(session, bytes, count);
}
static inline int banyan_tls_set_server_name(SSL *session, const char *name) {
    return (int)SSL_set_tlsext_host_name(session, name);
}
static inline int banyan_tls_share_store(SSL_CTX *context, X509_STORE *store) {
    return (int)SSL_CTX_set1_verify_cert_store(context, store);
}
static inline int banyan_tls_context_index(CRYPTO_EX_free *release) {
    return SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, release);
}
static inline void *banyan_tls_malloc(size_t count) { return OPENSSL_malloc(count); }
static inline void banyan_tls_free(void *bytes) { OPENSSL_free(bytes); }
static inline void *banyan_tls_secure_malloc(size_t count) { return OPENSSL_secure_malloc(count); }
// Wipes before it frees, with or without a secure heap.
static inline void banyan_tls_secure_free(void *bytes, size_t count) {
    OPENSSL_secure_clear_free(bytes, count);
}
static inline long banyan_tls_seconds_between(const ASN1_TIME *from, const ASN1_TIME *to) {
    int days = 0, seconds = 0;
    if (ASN1_TIME_diff(&days, &seconds, from, to) != 1) return 0;
    return (long)days * 86400 + seconds;
}
// The code that authenticates a session ticket: HMAC-SHA-256 under a key of 32 bytes.
static inline int banyan_tls_ticket_code(EVP_MAC_CTX *code, unsigned char *key) {
    OSSL_PARAM params[3];
    params[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key, 32);
    params[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
    params[2] = OSSL_PARAM_construct_end();
    return EVP_MAC_CTX_set_params(code, params);
}
