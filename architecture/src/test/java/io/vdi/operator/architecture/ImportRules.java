package io.vdi.operator.architecture;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The packages of one module and what each may import. It is an allow-list: a package without an
 * entry fails, an import without an entry fails, and so does an entry that no class uses. Imports
 * between packages form no circle.
 *
 * <p>Each package may import itself and {@link #ALWAYS}.
 */
final class ImportRules {
  /** Values and collections of the JDK, which do no I/O. */
  private static final List<String> ALWAYS =
      List.of("java.lang", "java.util", "java.time", "java.math", "java.text", "java.nio.charset");

  private static final Set<String> CLOCKS =
      Set.of(
          "java.time.Instant.now",
          "java.time.InstantSource.system",
          "java.lang.System.currentTimeMillis",
          "java.lang.System.nanoTime");

  private static final String OURS = "io.vdi.operator.";

  private record Entry(boolean pure, List<String> imports, String reason) {}

  private final String root;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  private ImportRules(String root) {
    this.root = root;
  }

  /**
   * @param root the module's root package, such as {@code io.vdi.operator.reaper}
   */
  static ImportRules of(String root) {
    return new ImportRules(root);
  }

  /**
   * Adds the entry of one package.
   *
   * @param name relative to the root; empty for the root package
   * @param reason what the package does, and so why it may import this and no more
   * @param imports packages of this project, relative to {@code io.vdi.operator} and exact; and
   *     packages of libraries, which include their subpackages
   */
  ImportRules allow(String name, String reason, String... imports) {
    return put(name, new Entry(false, List.of(imports), reason));
  }

  /**
   * The same for a package of pure functions: same input, same result. It has no threads, no random
   * numbers and no clock.
   */
  ImportRules allowPure(String name, String reason, String... imports) {
    return put(name, new Entry(true, List.of(imports), reason));
  }

  private ImportRules put(String name, Entry entry) {
    entries.put(name.isEmpty() ? root : root + "." + name, entry);
    return this;
  }

  /** Fails with every violation. */
  void check() {
    JavaClasses classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(root);
    Set<String> violations = new TreeSet<>();
    Map<String, Set<String>> unused = new LinkedHashMap<>();
    entries.forEach((name, entry) -> unused.put(name, new TreeSet<>(entry.imports())));
    for (JavaClass type : classes) {
      Entry entry = entries.get(type.getPackageName());
      if (entry == null) {
        violations.add(type.getPackageName() + " has no entry");
        continue;
      }
      if (entry.pure()) {
        violations.addAll(impurities(type));
      }
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        String target = dependency.getTargetClass().getBaseComponentType().getPackageName();
        if (target.isEmpty() || target.equals(type.getPackageName()) || isIn(target, ALWAYS)) {
          continue;
        }
        List<String> matching =
            entry.imports().stream().filter(allowed -> matches(target, allowed)).toList();
        unused.get(type.getPackageName()).removeAll(matching);
        if (matching.isEmpty()) {
          violations.add(
              "%s (%s) must not import %s: %s"
                  .formatted(type.getPackageName(), entry.reason(), target, type.getSimpleName()));
        }
      }
    }
    unused.forEach((name, imports) ->
        imports.forEach(allowed -> violations.add(name + " does not import " + allowed)));
    if (!violations.isEmpty()) {
      throw new AssertionError(String.join("\n", violations));
    }
    slices()
        .assignedFrom(new ByPackage())
        .should()
        .beFreeOfCycles()
        .allowEmptyShould(true)
        .check(classes);
  }

  private static List<String> impurities(JavaClass type) {
    Stream<String> imports =
        type.getDirectDependenciesFromSelf().stream()
            .map(dependency -> dependency.getTargetClass().getPackageName())
            .filter(target -> isIn(target, List.of("java.util.concurrent", "java.util.random")));
    Stream<String> clocks =
        type.getMethodCallsFromSelf().stream()
            .map(call -> call.getTargetOwner().getName() + "." + call.getTarget().getName())
            .filter(CLOCKS::contains);
    return Stream.concat(imports, clocks)
        .map(what -> type.getName() + " is pure and must not use " + what)
        .toList();
  }

  private static boolean matches(String target, String allowed) {
    return target.startsWith(OURS) ? target.equals(OURS + allowed) : isIn(target, List.of(allowed));
  }

  private static boolean isIn(String target, List<String> packages) {
    return packages.stream().anyMatch(name -> target.equals(name) || target.startsWith(name + "."));
  }

  private static final class ByPackage implements SliceAssignment {
    @Override
    public SliceIdentifier getIdentifierOf(JavaClass type) {
      return type.getPackageName().startsWith(OURS)
          ? SliceIdentifier.of(type.getPackageName())
          : SliceIdentifier.ignore();
    }

    @Override
    public String getDescription() {
      return "packages";
    }
  }
}
