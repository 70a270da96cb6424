# tba_embed(NAME FILES...): the texts of the files become part of tba_shared, as tba::NAME, which
# shared/embedded_file.h declares.
function(tba_embed name)
  set(script ${CMAKE_SOURCE_DIR}/packaging/cmake/EmbedFiles.cmake)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${name}.cc)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE files)
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${source} -DNAME=${name} -DHEADER=shared/embedded_file.h "-DFILES=${files}"
            -P ${script}
    DEPENDS ${files} ${script}
    VERBATIM)
  # A target of its own: a generated source is known only to the folder that makes it.
  add_library(tba_embedded_${name} OBJECT ${source})
  target_link_libraries(tba_embedded_${name} PRIVATE tba_options)
  target_sources(tba_shared PRIVATE $<TARGET_OBJECTS:tba_embedded_${name}>)
endfunction()
