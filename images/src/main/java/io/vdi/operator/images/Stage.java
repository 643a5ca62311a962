package io.vdi.operator.images;

import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.devcluster.operator.OperatorProcess;
import io.vdi.operator.devcluster.operator.OperatorService;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.FileTree;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * A directory with the files of a service's image, with the same structure as in the image.
 *
 * @param java directory of the Java runtime
 */
record Stage(OperatorService service, Path java, Path root) {
  /** The directory of the Java runtime in the image. */
  static final String JAVA = "/opt/java";

  /** The directory of the service in the image. */
  static final String APP = "/app";

  /**
   * Copies the jars that Maven has packaged, and writes the JVM options.
   *
   * @param aot whether the image has an AOT cache
   */
  static Stage of(OperatorService service, Path checkout, Path java, boolean aot, Path root) {
    Stage stage = new Stage(service, java, root);
    try {
      FileTree.delete(root);
      Path module = checkout.resolve(service.module());
      for (Path jar : OperatorProcess.jars(module.resolve("target"), module)) {
        Path copy = jar.getParent().endsWith("lib") ? stage.inLibraries(jar) : stage.inApp(jar);
        Files.createDirectories(copy.getParent());
        Files.copy(jar, copy);
      }
      Files.writeString(
          stage.own().resolve("jvm.options"),
          """
          %s
          %s-cp %s
          """
              .formatted(
                  String.join("\n", service.jvmFlags()),
                  aot ? "-XX:AOTCache=%s/aot/%s.aot\n".formatted(APP, service.module()) : "",
                  stage.classPathInImage()));
      Platform.setTimes(root);
    } catch (IOException e) {
      throw new ClusterException("cannot write " + root + ": " + e, e);
    }
    return stage;
  }

  /** Changes when a file of the image changes, or the base. */
  String fingerprint(String base) {
    StringBuilder all = new StringBuilder(base).append(java.getFileName());
    try {
      all.append(Files.readString(own().resolve("jvm.options")));
      for (Path jar : classPath()) {
        all.append(digest(jar));
      }
    } catch (IOException e) {
      throw new ClusterException("cannot read " + root + ": " + e, e);
    }
    return Hashes.sha256(all.toString(), 12);
  }

  /** Changes when the name or the content of a jar changes. */
  static String digest(Path jar) {
    try (InputStream in = Files.newInputStream(jar)) {
      return jar.getFileName() + DigestUtils.sha256Hex(in);
    } catch (IOException e) {
      throw new ClusterException("cannot read " + jar + ": " + e, e);
    }
  }

  /** The directory with the service's jar. */
  Path own() {
    return root.resolve("app");
  }

  /** The directory with the libraries. */
  Path libraries() {
    return root.resolve("app/lib");
  }

  List<Path> classPath() {
    return OperatorProcess.jars(own(), Path.of(service.module()));
  }

  private String classPathInImage() {
    List<String> jars = new ArrayList<>();
    classPath().forEach(jar -> jars.add(APP + "/" + own().relativize(jar)));
    return String.join(":", jars);
  }

  private Path inApp(Path jar) {
    return own().resolve(jar.getFileName());
  }

  private Path inLibraries(Path jar) {
    return libraries().resolve(jar.getFileName());
  }
}
