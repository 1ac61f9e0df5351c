#ifndef MUSTER_MICROHTTP_SHIM_H
#define MUSTER_MICROHTTP_SHIM_H

#include <microhttpd.h>

/* What MHD_start_daemon is told; it is variadic, which Swift cannot call. */
struct muster_http_options {
    int listen_socket;             /* bound and listening; the daemon closes it, unless it was quiesced */
    unsigned int threads;          /* each with an epoll of its own; at least 1 */
    unsigned int connections;      /* over all threads */
    unsigned int timeout_seconds;  /* of silence on a connection */
    size_t connection_bytes;       /* request line and headers must fit in here */
    MHD_AccessHandlerCallback handle;
    void *(*begin)(void *context, const char *target, struct MHD_Connection *connection);
    MHD_RequestCompletedCallback complete;
    void *context;                 /* given to the three above */
};

static inline struct MHD_Daemon *muster_http_start(const struct muster_http_options *options) {
    /* A pool of one thread is not a pool to this library: 0 asks for the plain polling thread. */
    unsigned int pool = options->threads > 1 ? options->threads : 0;
    return MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_ITC, 0, NULL, NULL,
        options->handle, options->context,
        MHD_OPTION_LISTEN_SOCKET, (MHD_socket) options->listen_socket,
        MHD_OPTION_THREAD_POOL_SIZE, pool,
        MHD_OPTION_CONNECTION_LIMIT, options->connections,
        MHD_OPTION_CONNECTION_TIMEOUT, options->timeout_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->connection_bytes,
        MHD_OPTION_URI_LOG_CALLBACK, options->begin, options->context,
        MHD_OPTION_NOTIFY_COMPLETED, options->complete, options->context,
        MHD_OPTION_END);
}

#endif
