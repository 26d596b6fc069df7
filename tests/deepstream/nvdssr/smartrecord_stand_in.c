/* A stand-in for NVIDIA's smart record library: the same four functions, and the same faults.
 *
 * What follows from a GstQueue that holds pictures back by a minimum level is not imitated, it is
 * so here as well: the late start, the cache that a clip leaves empty, the events that empty it.
 * The rest is imitated, and can be set by the environment at each NvDsSRStart:
 *
 *   STAND_IN_RESET_MS   how long after a file's end a start is still refused (10)
 *   STAND_IN_TELL_MS    how long after a file's end it is told (0)
 *   STAND_IN_SILENT     the end of a file is not told
 *
 * It needs no headers of GStreamer's: what is used of it is declared here, by its stable ABI.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct { int type; unsigned long id; void *data; } ProbeInfo;
typedef int (*Probe)(void *pad, ProbeInfo *info, void *user);
typedef struct { uintptr_t type; int refs, lock; unsigned flags; } MiniObject;
enum { DROP = 0, OK = 1, BUFFERS = 16, EVENTS = 64, DELTA = 8192, EOS = 28174 };
enum { TO_NULL = 1, TO_READY = 2, TO_PLAYING = 4 };

extern void *gst_bin_new(const char *), *gst_element_factory_make(const char *, const char *);
extern int gst_bin_add(void *, void *), gst_element_link(void *, void *);
extern void *gst_element_get_static_pad(void *, const char *);
extern void *gst_element_request_pad_simple(void *, const char *);
extern void *gst_ghost_pad_new(const char *, void *), *gst_event_new_eos(void);
extern int gst_element_add_pad(void *, void *), gst_pad_link(void *, void *);
extern unsigned long gst_pad_add_probe(void *, int, Probe, void *, void *);
extern int gst_pad_send_event(void *, void *);
extern int gst_element_set_state(void *, int), gst_element_sync_state_with_parent(void *);
extern void *gst_object_ref(void *), *gst_mini_object_ref(void *);
extern void gst_object_unref(void *), g_object_set(void *, const char *, ...);
extern unsigned g_timeout_add(unsigned, int (*)(void *), void *);
extern int g_source_remove(unsigned);

typedef struct Info {
    void *ctx; uint32_t session; char *filename, *dirpath; uint64_t milliseconds;
    int container; unsigned width, height; int video; unsigned channels, rate; int audio;
} Info;
typedef struct {
    void *(*callback)(Info *, void *); int container; unsigned width, height;
    char *prefix, *directory; unsigned default_s, cache_s;
} Params;
typedef struct {
    void *bin; /* the one field that others may read */
    void *cache, *writer, *writer_sink, *filesink, *filesink_sink, *user;
    Params asked;
    pthread_mutex_t lock; pthread_cond_t idle;
    pthread_t resetter, teller; int has_resetter, has_teller;
    int recording, begun, busy;
    unsigned timer, reset_ms, tell_ms, silent;
    char name[512];
} Context;
typedef struct { Context *context; unsigned after_ms; Info info; } Telling;

static unsigned setting(const char *name, unsigned otherwise) {
    const char *value = getenv(name);
    return value ? (unsigned)atoi(value) : otherwise;
}

static void keep(Context *c, int all) { /* how much the queue holds, and holds back */
    unsigned seconds = all ? c->asked.cache_s : 0;
    g_object_set(c->cache, "min-threshold-time", (uint64_t)seconds * 1000000000u, NULL);
    if (all)
        g_object_set(c->cache, "max-size-time", (uint64_t)(seconds + 5) * 1000000000u, NULL);
}

static int leaves_cache(void *pad, ProbeInfo *info, void *user) {
    Context *c = user;
    (void)pad;
    pthread_mutex_lock(&c->lock);
    if (c->recording && !(((MiniObject *)info->data)->flags & DELTA)) c->begun = 1;
    int goes = c->recording && c->begun;
    pthread_mutex_unlock(&c->lock);
    return goes ? OK : DROP;
}

static void *reset(void *user) {
    Context *c = user;
    usleep(c->reset_ms * 1000);
    gst_element_set_state(c->writer, TO_READY);
    gst_element_set_state(c->filesink, TO_NULL);
    g_object_set(c->filesink, "location", "/dev/null", NULL);
    gst_element_sync_state_with_parent(c->writer);
    pthread_mutex_lock(&c->lock);
    c->busy = 0;
    pthread_cond_broadcast(&c->idle);
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

static void *tell(void *user) {
    Telling *t = user;
    usleep(t->after_ms * 1000);
    t->context->asked.callback(&t->info, t->context->user); /* as it is now, not as it was */
    memset(t->info.filename, 'X', strlen(t->info.filename));
    return NULL; /* not freed: who looks at it later finds X, and no crash */
}

static void finished(Context *c) {
    Telling *t = calloc(1, sizeof *t);
    t->context = c;
    t->after_ms = c->tell_ms;
    t->info = (Info){.ctx = c, .filename = strdup(c->name), .dirpath = c->asked.directory,
                     .container = c->asked.container, .video = 1};
    if (!c->silent) {
        if (c->has_teller) pthread_detach(c->teller);
        c->has_teller = !pthread_create(&c->teller, NULL, tell, t);
    }
    if (c->has_resetter) pthread_detach(c->resetter);
    c->has_resetter = !pthread_create(&c->resetter, NULL, reset, c);
}

static int leaves_muxer(void *pad, ProbeInfo *info, void *user) {
    Context *c = user;
    int type = *(int *)((char *)info->data + 64);
    (void)pad;
    if (type != EOS || !c->busy) return OK;
    /* sent on from here: the file is complete when it returns, and not complete if it fails */
    if (gst_pad_send_event(c->filesink_sink, gst_mini_object_ref(info->data))) finished(c);
    return DROP;
}

int NvDsSRCreate(Context **into, Params *params) {
    static unsigned count;
    Context *c = calloc(1, sizeof *c);
    char name[32];
    c->asked = *params;
    c->asked.prefix = strdup(params->prefix);
    c->asked.directory = strdup(params->directory);
    if (!c->asked.default_s) c->asked.default_s = 10;
    if (!c->asked.cache_s) c->asked.cache_s = 30;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->idle, NULL);
    snprintf(name, sizeof name, "stand_in_%u", count++);
    c->bin = gst_object_ref(gst_bin_new(name));
    c->cache = gst_element_factory_make("queue", NULL);
    c->writer = gst_bin_new(NULL);
    void *behind = gst_element_factory_make("queue", NULL);
    void *mux = gst_element_factory_make(c->asked.container ? "matroskamux" : "qtmux", NULL);
    c->filesink = gst_element_factory_make("filesink", NULL);
    if (!c->cache || !behind || !mux || !c->filesink) return 3;
    g_object_set(c->filesink, "location", "/dev/null", "async", 0, NULL);
    g_object_set(behind, "max-size-bytes", 0, "max-size-buffers", 0, "max-size-time",
                 (uint64_t)0, NULL);
    g_object_set(c->cache, "leaky", 2, "max-size-bytes", 0, "max-size-buffers", 0, NULL);
    keep(c, 1);
    gst_bin_add(c->writer, behind), gst_bin_add(c->writer, mux);
    gst_bin_add(c->writer, c->filesink);
    gst_pad_link(gst_element_get_static_pad(behind, "src"),
                 gst_element_request_pad_simple(mux, "video_%u"));
    gst_element_link(mux, c->filesink);
    c->writer_sink = gst_ghost_pad_new("sink", gst_element_get_static_pad(behind, "sink"));
    gst_element_add_pad(c->writer, c->writer_sink);
    gst_bin_add(c->bin, c->cache), gst_bin_add(c->bin, c->writer);
    gst_element_link(c->cache, c->writer);
    gst_element_add_pad(
        c->bin, gst_ghost_pad_new("sink", gst_element_get_static_pad(c->cache, "sink")));
    gst_pad_add_probe(gst_element_get_static_pad(c->cache, "src"), BUFFERS, leaves_cache, c, NULL);
    c->filesink_sink = gst_element_get_static_pad(c->filesink, "sink");
    gst_pad_add_probe(gst_element_get_static_pad(mux, "src"), EVENTS, leaves_muxer, c, NULL);
    *into = c;
    return 0;
}

int NvDsSRStop(Context *c, uint32_t session) {
    (void)session;
    pthread_mutex_lock(&c->lock);
    if (!c->recording) return pthread_mutex_unlock(&c->lock), 2;
    keep(c, 1);
    c->recording = c->begun = 0;
    if (c->timer) g_source_remove(c->timer);
    c->timer = 0;
    pthread_mutex_unlock(&c->lock);
    gst_pad_send_event(c->writer_sink, gst_event_new_eos());
    return 0;
}

static int time_is_up(void *user) {
    Context *c = user;
    c->timer = 0;
    NvDsSRStop(c, 0);
    return 0;
}

int NvDsSRStart(Context *c, uint32_t *session, unsigned back, unsigned after, void *user) {
    static unsigned counter;
    char stamp[32], path[1024];
    time_t now = time(NULL);
    struct tm utc;
    pthread_mutex_lock(&c->lock);
    if (c->recording || c->busy) return pthread_mutex_unlock(&c->lock), 2;
    c->reset_ms = setting("STAND_IN_RESET_MS", 10);
    c->tell_ms = setting("STAND_IN_TELL_MS", 0);
    c->silent = setting("STAND_IN_SILENT", 0);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", gmtime_r(&now, &utc));
    snprintf(c->name, sizeof c->name, "%s_%05u_%s_%ld.%s", c->asked.prefix, counter++, stamp,
             (long)getpid(), c->asked.container ? "mkv" : "mp4");
    snprintf(path, sizeof path, "%s/%s", c->asked.directory, c->name);
    gst_element_set_state(c->filesink, TO_NULL);
    g_object_set(c->filesink, "location", path, NULL);
    gst_element_set_state(c->filesink, TO_PLAYING); /* also where it cannot: OK all the same */
    c->recording = c->busy = 1;
    c->user = user;
    g_object_set(c->cache, "max-size-time", (uint64_t)(back ? back : 1) * 1000000000u, NULL);
    keep(c, 0);
    c->timer = g_timeout_add(
        1000 * (after && after < 300 ? after : c->asked.default_s), time_is_up, c);
    pthread_mutex_unlock(&c->lock);
    *session = 0;
    return 0;
}

int NvDsSRDestroy(Context *c) {
    pthread_mutex_lock(&c->lock);
    int recording = c->recording;
    pthread_mutex_unlock(&c->lock);
    if (recording) {
        NvDsSRStop(c, 0);
        pthread_mutex_lock(&c->lock);
        while (c->busy) pthread_cond_wait(&c->idle, &c->lock); /* for ever, if it cannot end */
        pthread_mutex_unlock(&c->lock);
    }
    if (c->has_resetter) pthread_join(c->resetter, NULL);
    if (c->has_teller) pthread_join(c->teller, NULL);
    gst_object_unref(c->bin);
    return 0; /* the context itself is left: late threads of it are a fault of its own */
}
