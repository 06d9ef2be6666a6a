# What a program of somebody else builds against: headers, libraries, a CMake package and pkg-config files.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(jeton_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/jeton)

# One row a library: the pkg-config file's words for it stand in jeton.pc and its two neighbours.
set(jeton_libraries core client verifier)
set(jeton_pc_files jeton)
if(TARGET jeton-offline)
  list(APPEND jeton_libraries offline)
  list(APPEND jeton_pc_files jeton-offline)
endif()
if(TARGET jeton-c)
  list(APPEND jeton_libraries c)
  list(APPEND jeton_pc_files jeton-c)
  install(FILES ${PROJECT_SOURCE_DIR}/bindings/c/jeton.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT sdk)
endif()

foreach(library ${jeton_libraries})
  set_target_properties(jeton-${library} PROPERTIES EXPORT_NAME ${library})
  install(TARGETS jeton-${library} EXPORT jeton
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT sdk
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT sdk
          INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endforeach()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/sdk/include/jeton DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT sdk)
install(EXPORT jeton NAMESPACE jeton:: FILE jetonTargets.cmake DESTINATION ${jeton_package_dir} COMPONENT sdk)

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/jetonConfig.cmake.in ${CMAKE_BINARY_DIR}/install/jetonConfig.cmake
                              INSTALL_DESTINATION ${jeton_package_dir})
# Until 1.0 a minor version may break its callers.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/install/jetonConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/install/jetonConfig.cmake ${CMAKE_BINARY_DIR}/install/jetonConfigVersion.cmake
        DESTINATION ${jeton_package_dir} COMPONENT sdk)

# The installed tree may be moved: the files find their prefix from where they lie.
file(RELATIVE_PATH jeton_prefix_from_pc /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
foreach(name ${jeton_pc_files})
  configure_file(${CMAKE_CURRENT_LIST_DIR}/${name}.pc.in ${CMAKE_BINARY_DIR}/install/${name}.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/install/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT sdk)
endforeach()
