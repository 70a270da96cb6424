# Compiler launcher, linker, warnings and sanitizers, gathered in the interface target tba_options that each of our
# targets links. Third-party headers come from the system's include path and are not held to our warnings.

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

add_library(tba_options INTERFACE)
target_include_directories(tba_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(tba_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
# g++ 12 takes the operator delete of a coroutine's frame for a mismatched one (GCC bug 109224).
target_compile_options(tba_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>)
# g++ 12 sees overlapping copies where -O3 inlines `"text" + string` (GCC bug 105651).
target_compile_options(tba_options INTERFACE $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-restrict>)

find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  target_link_options(tba_options INTERFACE -fuse-ld=mold)
endif()

if(TBA_SANITIZE)
  target_compile_options(tba_options INTERFACE -fsanitize=${TBA_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(tba_options INTERFACE -fsanitize=${TBA_SANITIZE})
  # g++ warns of values that only its own instrumentation makes look unset.
  target_compile_options(tba_options INTERFACE -Wno-maybe-uninitialized)
  if(TBA_SANITIZE MATCHES "undefined")
    target_compile_options(tba_options INTERFACE -fno-sanitize-recover=undefined)
  endif()
  if(TBA_SANITIZE MATCHES "thread")
    # g++ warns about the fences inside Asio, which ThreadSanitizer does not model.
    target_compile_definitions(tba_options INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
    target_compile_options(tba_options INTERFACE -Wno-tsan)
  endif()
endif()
