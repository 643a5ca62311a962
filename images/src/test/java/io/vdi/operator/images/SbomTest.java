package io.vdi.operator.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.cloud.tools.jib.api.Jib;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.devcluster.build.Architecture;
import io.vdi.operator.devcluster.process.ClusterException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SbomTest {
  @TempDir private Path folder;

  @Test
  void anImageWithoutAMavenModuleIsAContainerWithItsComponents() throws IOException {
    JsonObject sbom = written(Optional.empty(), List.of(Sbom.debian("libc6", "2.36-9")));
    assertThat(sbom.get("bomFormat").getAsString()).isEqualTo("CycloneDX");
    assertThat(sbom.getAsJsonObject("metadata").getAsJsonObject("component"))
        .hasToString("{\"type\":\"container\",\"name\":\"localhost/image:1\"}");
    assertThat(sbom.getAsJsonArray("components").asList())
        .map(JsonElement::toString)
        .containsExactly(
            "{\"type\":\"library\",\"bom-ref\":\"pkg:deb/debian/libc6@2.36-9\",\"name\":\"libc6\","
                + "\"version\":\"2.36-9\",\"purl\":\"pkg:deb/debian/libc6@2.36-9\"}");
  }

  @Test
  void aServiceHasTheLibrariesThatMavenListsAndMore() throws IOException {
    Path maven =
        Files.writeString(
            folder.resolve("bom.json"),
            "{\"specVersion\": \"1.6\", \"components\": [{\"name\": \"gson\"}]}");
    JsonObject sbom =
        written(Optional.of(maven), List.of(new Sbom.Component("temurin", "25", "pkg:generic/x")));
    assertThat(sbom.getAsJsonArray("components").asList())
        .map(component -> component.getAsJsonObject().get("name").getAsString())
        .containsExactly("gson", "temurin");
  }

  @Test
  void theDebianPackagesOfAnImageComeFromItsDpkgDatabase() throws IOException {
    Path dpkg = Files.createDirectories(folder.resolve("root/var/lib/dpkg"));
    Files.writeString(
        dpkg.resolve("status"),
        """
        Package: libc6
        Status: install ok installed
        Version: 2.36-9

        Package: xterm
        Version: 379-1
        Description: terminal
        """);
    assertThat(Sbom.installed(image("root")))
        .containsExactly(Sbom.debian("libc6", "2.36-9"), Sbom.debian("xterm", "379-1"));
  }

  @Test
  void anImageWithoutDebianPackagesHasNone() throws IOException {
    Files.writeString(Files.createDirectory(folder.resolve("root")).resolve("program"), "x");
    assertThat(Sbom.installed(image("root"))).isEmpty();
  }

  @Test
  void aMissingArchiveIsNamed() {
    Path archive = folder.resolve("missing.tar");
    assertThatThrownBy(() -> Sbom.installed(archive))
        .isInstanceOf(ClusterException.class)
        .hasMessageStartingWith("cannot read " + archive);
  }

  private JsonObject written(Optional<Path> libraries, List<Sbom.Component> others)
      throws IOException {
    Path file =
        Sbom.write(folder.resolve("image.cdx.json"), "localhost/image:1", libraries, others);
    return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
  }

  private Path image(String root) throws IOException {
    Path archive = folder.resolve("image.tar");
    Oci.write(
        Jib.fromScratch().addFileEntriesLayer(Oci.layer("files", folder.resolve(root), "/")),
        Architecture.ofHost(),
        "localhost/test:1",
        archive);
    return archive;
  }
}
