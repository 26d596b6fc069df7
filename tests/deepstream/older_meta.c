/* A stand-in for libnvds_meta.so of DeepStream before 9.1: the functions that smartrec calls, and
 * structures in the shape that the public headers of 6.2 and 8.0 give them, boxes of 104 bytes. It
 * is ours: of the real library it has the interface, and what smartrec's proof looks at. With
 * -DTURNED the boxes are those of 9.1; with -DSILENT it prints nothing, with -DTERSE boxes only. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void g_print(const char *format, ...);
char *g_strdup(const char *text);
void g_free(void *memory);

typedef struct List { void *data; struct List *next, *prev; } List;
typedef struct { double red, green, blue, alpha; } Color;
typedef struct { char *name; unsigned size; Color color; } Font;
typedef struct { char *text; unsigned x, y; Font font; int plate; Color plate_color; } Text;
typedef struct {
  float left, top, width, height;
  unsigned border;
  Color border_color;
  unsigned filled, reserved;
  Color fill;
  int has_info, info;
#ifdef TURNED
  float angle;
#endif
} Rect;
typedef struct { float *data; unsigned size; float threshold; unsigned width, height; } Mask;
typedef struct { struct Batch *batch; int type; void *context, *copy, *release; } Base;
typedef struct { int type; unsigned most, size, empty, full; List *unused, *used; } Pool;
typedef struct Batch {
  Base base;
  unsigned most, frames;
  Pool *pools[6]; /* frames, objects, classifiers, displays, user's, labels */
  List *frame_list, *user_list;
  char mutex[16];
  int64_t misc[4], reserved[4];
} Batch;
typedef struct {
  Base base;
  unsigned pad, batch_id;
  int number;
  uint64_t pts, ntp;
  unsigned source;
  int surfaces;
  unsigned width, height, surface_type, surface_index, objects;
  int inferred;
  List *object_list, *display_list, *user_list;
  int64_t misc[4];
  unsigned muxed_width, muxed_height;
  int64_t reserved[4];
} Frame;
typedef struct {
  Base base;
  void *parent;
  int component, class_id;
  uint64_t id;
  float detected[4], tracked[4], confidence, tracker_confidence;
  Rect rect;
  Mask mask;
  Text text;
  char label[128];
  List *classifiers, *user_list;
  int64_t misc[4], reserved[4];
} Object;
typedef struct {
  Base base;
  unsigned rects, labels, lines, arrows, circles;
  Rect rect[16];
  Text text[16];
  char rest[3520];
} Display;

static const struct { int place, type; size_t size; } kinds[] = {
  {0, 2, sizeof(Frame)}, {1, 3, sizeof(Object)}, {3, 4, sizeof(Display)}};

static List *with(List *list, void *data) {
  List *link = calloc(1, sizeof *link);
  link->data = data;
  link->next = list;
  return link;
}

Batch *nvds_create_batch_meta(unsigned most) {
  Batch *batch = calloc(1, sizeof *batch);
  batch->base.batch = batch;
  batch->base.type = 1;
  for (int i = 0; i < 3; i++) {
    Pool *pool = batch->pools[kinds[i].place] = calloc(1, sizeof *pool);
    pool->type = kinds[i].type;
    pool->most = most;
    pool->size = kinds[i].size;
  }
  return batch;
}

static void *acquired(Batch *batch, int place) {
  Pool *pool = batch->pools[place];
  Base *meta = calloc(1, pool->size);
  meta->batch = batch;
  meta->type = pool->type;
  pool->used = with(pool->used, meta);
  return meta;
}
void *nvds_acquire_frame_meta_from_pool(Batch *batch) { return acquired(batch, 0); }
void *nvds_acquire_obj_meta_from_pool(Batch *batch) { return acquired(batch, 1); }
void *nvds_acquire_display_meta_from_pool(Batch *batch) { return acquired(batch, 3); }
void nvds_acquire_meta_lock(Batch *batch) { (void)batch; }
void nvds_release_meta_lock(Batch *batch) { (void)batch; }

void nvds_add_frame_meta_to_batch(Batch *batch, Frame *frame) {
  batch->frame_list = with(batch->frame_list, frame);
  batch->frames++;
}
void nvds_add_obj_meta_to_frame(Frame *frame, Object *object, void *parent) {
  frame->object_list = with(frame->object_list, object);
  object->parent = parent;
  frame->objects++;
}
void nvds_add_display_meta_to_frame(Frame *frame, Display *display) {
  frame->display_list = with(frame->display_list, display);
}

void nvds_copy_obj_meta(Object *from, Object *to) {
  Base base = to->base;
  *to = *from;
  to->base = base;
  strncpy(to->label, from->label, sizeof to->label);
  if (from->text.text) to->text.text = g_strdup(from->text.text);
  if (from->mask.size && from->mask.data)
    to->mask.data = memcpy(malloc(from->mask.size), from->mask.data, from->mask.size);
}
void nvds_copy_display_meta(Display *from, Display *to) {
  Base base = to->base;
  *to = *from;
  to->base = base;
  for (int i = 0; i < 16; i++)
    if (from->text[i].text) to->text[i].text = g_strdup(from->text[i].text);
}

static void freed(List *list) {
  while (list) {
    List *next = list->next;
    free(list);
    list = next;
  }
}
int nvds_destroy_batch_meta(Batch *batch) {
  for (List *link = batch->pools[0]->used; link; link = link->next) {
    freed(((Frame *)link->data)->object_list);
    freed(((Frame *)link->data)->display_list);
  }
  for (List *link = batch->pools[1]->used; link; link = link->next) {
    g_free(((Object *)link->data)->text.text);
    free(((Object *)link->data)->mask.data);
  }
  for (List *link = batch->pools[3]->used; link; link = link->next)
    for (int i = 0; i < 16; i++) g_free(((Display *)link->data)->text[i].text);
  for (int i = 0; i < 3; i++) {
    Pool *pool = batch->pools[kinds[i].place];
    for (List *link = pool->used; link; link = link->next) free(link->data);
    freed(pool->used);
    free(pool);
  }
  freed(batch->frame_list);
  free(batch);
  return 1;
}
void *nvds_batch_meta_copy_func(void *batch, void *user) { (void)batch, (void)user; return NULL; }
void nvds_batch_meta_release_func(void *batch, void *user) {
  (void)user;
  nvds_destroy_batch_meta(batch);
}

int nvds_get_current_metadata_info(Batch *batch) {
#ifndef SILENT
  for (List *one = batch->frame_list; one; one = one->next) {
    Frame *frame = one->data;
#ifndef TERSE
    g_print("frame at %p: source %d pad %d\n", (void *)frame, frame->source, frame->pad);
#endif
    for (List *two = frame->object_list; two; two = two->next) {
      Object *object = two->data;
#ifndef TERSE
      g_print("component %d class %d id %lu ", object->component, object->class_id,
              (unsigned long)object->id);
#endif
      g_print("%p: %f %f, %f by %f\n", (void *)object, object->rect.left, object->rect.top,
              object->rect.width, object->rect.height);
    }
  }
#endif
  (void)batch;
  return 1;
}
