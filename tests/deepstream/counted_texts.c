/* Preloaded, it counts the texts that are made and freed by way of GLib, whoever does it: of all
 * texts only those that begin with "~". What is freed twice, glibc ends the process for. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

#define MOST 4096

static void *live[MOST];
static int made, freed;

int texts_made(void) { return made; }
int texts_freed(void) { return freed; }

char *g_strdup(const char *text) {
  static char *(*real)(const char *);
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "g_strdup");
  char *copy = real(text);
  if (copy && copy[0] == '~' && made < MOST) live[made++] = copy;
  return copy;
}

void g_free(void *memory) {
  static void (*real)(void *);
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "g_free");
  for (int i = made - 1; memory && i >= 0; i--)
    if (live[i] == memory) {
      live[i] = NULL;
      freed++;
      break;
    }
  real(memory);
}
