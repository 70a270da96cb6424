# cmake -DOUTPUT=x.cc -DNAME=kConnectorFiles -DHEADER=shared/y.h -DFILES=a;b -P EmbedFiles.cmake
# Writes a source that defines tba::NAME, the texts of the files, declared in HEADER.
set(elements "")
foreach(file IN LISTS FILES)
  get_filename_component(stem ${file} NAME)
  file(READ ${file} text)
  string(APPEND elements "    {\"${stem}\", R\"text(${text})text\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Generated from the files named in it.
#include \"${HEADER}\"

namespace tba {
namespace {
constexpr EmbeddedFile kFiles[] = {
${elements}};
}  // namespace

constinit const std::span<const EmbeddedFile> ${NAME} = kFiles;
}  // namespace tba
")
