package io.vdi.operator.images;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.devcluster.process.ClusterException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * The software bill of materials of an image in CycloneDX format. For a service it extends the one
 * that Maven writes about its libraries.
 */
final class Sbom {
  private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();
  private static final int GZIP_MAGIC = 0x1f;

  private Sbom() {}

  /**
   * One component of an image.
   *
   * @param purl package URL
   */
  record Component(String name, String version, String purl) {
    private JsonObject json() {
      JsonObject json = new JsonObject();
      json.addProperty("type", "library");
      json.addProperty("bom-ref", purl);
      json.addProperty("name", name);
      json.addProperty("version", version);
      json.addProperty("purl", purl);
      return json;
    }
  }

  static Component debian(String name, String version) {
    return new Component(name, version, "pkg:deb/debian/" + name + "@" + version);
  }

  /**
   * Writes an SBOM.
   *
   * @param libraries the SBOM that Maven wrote; empty for images without a Maven module
   * @param others components in addition to the libraries
   */
  static Path write(Path file, String image, Optional<Path> libraries, List<Component> others) {
    try {
      JsonObject sbom =
          libraries.isPresent()
              ? JsonParser.parseString(Files.readString(libraries.get())).getAsJsonObject()
              : bare(image);
      others.forEach(component -> sbom.getAsJsonArray("components").add(component.json()));
      return Files.writeString(file, GSON.toJson(sbom));
    } catch (IOException e) {
      throw new ClusterException("cannot write " + file + ": " + e, e);
    }
  }

  /** The Debian packages that are installed in an image, from its dpkg database. */
  static List<Component> installed(Path archive) {
    List<Component> found = new ArrayList<>();
    try (TarArchiveInputStream image =
        new TarArchiveInputStream(new BufferedInputStream(Files.newInputStream(archive)))) {
      for (TarArchiveEntry blob = image.getNextEntry(); blob != null; blob = image.getNextEntry()) {
        BufferedInputStream content = new BufferedInputStream(image);
        content.mark(1);
        boolean layer = content.read() == GZIP_MAGIC;
        content.reset();
        if (layer) {
          TarArchiveInputStream files = new TarArchiveInputStream(new GZIPInputStream(content));
          for (TarArchiveEntry f = files.getNextEntry(); f != null; f = files.getNextEntry()) {
            if (f.getName().matches("(\\./)?var/lib/dpkg/status")) {
              found.addAll(packages(files));
            }
          }
        }
      }
    } catch (IOException e) {
      throw new ClusterException("cannot read " + archive + ": " + e, e);
    }
    return found;
  }

  private static List<Component> packages(InputStream status) throws IOException {
    List<Component> packages = new ArrayList<>();
    String name = "";
    for (String line : new String(status.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
      if (line.startsWith("Package: ")) {
        name = line.substring("Package: ".length());
      } else if (line.startsWith("Version: ")) {
        packages.add(debian(name, line.substring("Version: ".length())));
      }
    }
    return packages;
  }

  /** An SBOM without components. */
  private static JsonObject bare(String image) {
    JsonObject component = new JsonObject();
    component.addProperty("type", "container");
    component.addProperty("name", image);
    JsonObject metadata = new JsonObject();
    metadata.add("component", component);
    JsonObject sbom = new JsonObject();
    sbom.addProperty("bomFormat", "CycloneDX");
    sbom.addProperty("specVersion", "1.6");
    sbom.addProperty("version", 1);
    sbom.add("metadata", metadata);
    sbom.add("components", new JsonArray());
    return sbom;
  }
}
