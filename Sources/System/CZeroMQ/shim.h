#ifndef MUSTER_ZEROMQ_SHIM_H
#define MUSTER_ZEROMQ_SHIM_H

#include <sys/eventfd.h>
#include <zmq.h>

/* A counter that poll can wait for: readable while it is not zero. Closed on exec, never blocks. */
static inline int muster_event_descriptor(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

#endif
