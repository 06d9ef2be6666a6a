# The programs for cmake --install, and what makes them a service: a .deb by  cpack --config build/CPackConfig.cmake -G DEB.
install(TARGETS jetond jeton RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT sidecar)

# Manual pages and completions, made by the program they are about.
set(jeton_documents ${CMAKE_BINARY_DIR}/install)
set(jeton_made)
# A build with sanitizers is no place to look for leaks.
set(jeton_run ${CMAKE_COMMAND} -E env ASAN_OPTIONS=detect_leaks=0 $<TARGET_FILE:jeton>)
function(jeton_document file destination component name)
  add_custom_command(OUTPUT ${jeton_documents}/${file} ${ARGN} DEPENDS jeton)
  install(FILES ${jeton_documents}/${file} DESTINATION ${destination} RENAME ${name} COMPONENT ${component})
  set(jeton_made ${jeton_made} ${jeton_documents}/${file} PARENT_SCOPE)
endfunction()
foreach(page jeton.1 jetond.8 jeton.toml.5)
  string(REGEX MATCH "[0-9]$" section ${page})
  jeton_document(${page}.gz ${CMAKE_INSTALL_MANDIR}/man${section} sidecar ${page}.gz
    COMMAND ${jeton_run} manual < ${PROJECT_SOURCE_DIR}/docs/man/${page} > ${jeton_documents}/${page}
    COMMAND gzip -9nf ${jeton_documents}/${page} DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/${page})
endforeach()
set(share ${CMAKE_INSTALL_DATADIR})
# Debian's zsh looks elsewhere than one of /usr/local: there the component system has the script.
set(component_bash sidecar)
set(component_fish sidecar)
set(component_zsh prefix)
foreach(program jetond jeton)
  foreach(shell bash zsh fish)
    set(folder_bash ${share}/bash-completion/completions)
    set(folder_zsh ${share}/zsh/site-functions)
    set(folder_fish ${share}/fish/vendor_completions.d)
    set(name_bash ${program})
    set(name_zsh _${program})
    set(name_fish ${program}.fish)
    jeton_document(${program}.${shell} ${folder_${shell}} ${component_${shell}} ${name_${shell}}
      COMMAND ${jeton_run} completions ${shell} ${program} > ${jeton_documents}/${program}.${shell})
  endforeach()
endforeach()
add_custom_target(jeton-documents ALL DEPENDS ${jeton_made})

# Belongs to a system and not to a prefix: in packages only.
function(jeton_system_file destination)
  install(${ARGN} DESTINATION ${destination} COMPONENT system EXCLUDE_FROM_ALL)
endfunction()

set(here ${CMAKE_CURRENT_LIST_DIR})
set(examples ${PROJECT_SOURCE_DIR}/examples/config)
jeton_system_file(/lib/systemd/system FILES ${here}/jetond.service ${here}/jeton-archive.service ${here}/jeton-archive.timer)
jeton_system_file(/usr/lib/sysusers.d FILES ${here}/sysusers.conf RENAME jeton.conf)
jeton_system_file(/etc/jeton DIRECTORY)
jeton_system_file(/usr/share/doc/jeton FILES ${here}/deb/copyright)
jeton_system_file(/usr/share/doc/jeton/examples
                  FILES ${here}/jeton.toml ${here}/executables.conf ${here}/network.conf ${examples}/minimal.toml ${examples}/full.toml)

foreach(program jetond jeton)
  jeton_system_file(/usr/share/zsh/vendor-completions FILES ${jeton_documents}/${program}.zsh RENAME _${program})
endforeach()

# What Debian wants compressed, so that the same sources make the same bytes.
configure_file(${here}/deb/changelog.in ${CMAKE_BINARY_DIR}/install/changelog @ONLY)
execute_process(COMMAND gzip -9nkf ${CMAKE_BINARY_DIR}/install/changelog COMMAND_ERROR_IS_FATAL ANY)
jeton_system_file(/usr/share/doc/jeton FILES ${CMAKE_BINARY_DIR}/install/changelog.gz)

set(CPACK_PACKAGE_NAME jeton)
set(CPACK_PACKAGE_VENDOR "the Jeton maintainers")
set(CPACK_PACKAGE_CONTACT "the Jeton maintainers <maintainers@jeton.example>")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_COMPONENTS_ALL sidecar system sdk)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)

set(CPACK_DEBIAN_JETON_PACKAGE_NAME jeton)
set(CPACK_DEBIAN_JETON_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_JETON_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_JETON_PACKAGE_DEPENDS "passwd, libcurl4 (>= 7.85)")
set(CPACK_DEBIAN_JETON_PACKAGE_RECOMMENDS systemd)
set(CPACK_DEBIAN_JETON_PACKAGE_CONTROL_EXTRA ${here}/deb/postinst ${here}/deb/prerm ${here}/deb/postrm)
set(CPACK_COMPONENT_JETON_DESCRIPTION "one token, one call: the sidecar and its command line
jetond gives an AI agent a token for one tool call: these arguments, this
server, some seconds, once. jeton mints, redeems, revokes, and reads the log
that proves itself.")

set(CPACK_DEBIAN_JETON-DEV_PACKAGE_NAME jeton-dev)
set(CPACK_DEBIAN_JETON-DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_JETON-DEV_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_JETON-DEV_PACKAGE_DEPENDS
    "libsodium-dev, libssl-dev, libfmt-dev, libexpected-dev, nlohmann-json3-dev, libsqlitecpp-dev, libsqlite3-dev, pkg-config")
set(CPACK_COMPONENT_JETON-DEV_DESCRIPTION "one token, one call: what agents and tool servers link
Headers, static libraries, the C library, a CMake package and pkg-config files.")

include(CPack)
cpack_add_component_group(jeton)
cpack_add_component_group(jeton-dev)
cpack_add_component(sidecar GROUP jeton)
cpack_add_component(system GROUP jeton)
cpack_add_component(sdk GROUP jeton-dev)
