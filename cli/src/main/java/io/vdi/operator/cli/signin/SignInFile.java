package io.vdi.operator.cli.signin;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.Json;
import io.vdi.operator.common.model.Hashes;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The sign-in at one provider with one client, in the user's cache directory. Only the user can
 * read it: file 0600, directory 0700.
 */
public final class SignInFile {
  private static final int NAME_LENGTH = 24;

  private final Path file;

  private SignInFile(Path file) {
    this.file = file;
  }

  /**
   * The file for a provider and a client, below {@code XDG_CACHE_HOME} or {@code ~/.cache}.
   *
   * @param environment of the process
   */
  public static SignInFile of(Map<String, String> environment, String issuer, String clientId) {
    String cache = environment.getOrDefault("XDG_CACHE_HOME", "");
    Path base =
        cache.isEmpty() ? Path.of(environment.getOrDefault("HOME", ""), ".cache") : Path.of(cache);
    return new SignInFile(
        base.resolve("kubectl-vdi")
            .resolve("signin")
            .resolve(Hashes.sha256(issuer + " " + clientId, NAME_LENGTH) + ".json"));
  }

  public Path path() {
    return file;
  }

  /** The sign-in; empty if there is none, or if the file is unreadable. */
  public Optional<OidcTokens> read() {
    try {
      JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      return Optional.of(
          new OidcTokens(
              Json.text(json, "idToken"),
              Optional.of(Json.text(json, "refreshToken")).filter(token -> !token.isEmpty()),
              Instant.parse(Json.text(json, "expiresAt")),
              Json.text(json, "user")));
    } catch (IOException | JsonParseException | IllegalStateException | DateTimeException e) {
      return Optional.empty();
    }
  }

  /** Replaces the sign-in. A concurrent reader sees the old or the new one. */
  public void write(OidcTokens signIn) {
    JsonObject json = new JsonObject();
    json.addProperty("idToken", signIn.idToken());
    signIn.refreshToken().ifPresent(token -> json.addProperty("refreshToken", token));
    json.addProperty("expiresAt", signIn.expiresAt().toString());
    json.addProperty("user", signIn.user());
    try {
      createFolder();
      Path next =
          Files.createTempFile(
              file.getParent(),
              "signin",
              ".tmp",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(next, json.toString());
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new CliException.Failed(file + " cannot be written: " + e);
    }
  }

  /** Deletes the sign-in. */
  public void delete() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new CliException.Failed(file + " cannot be deleted: " + e);
    }
  }

  /**
   * Runs an action while no other process does so with this file. A refresh token can be valid
   * once: two kubectl that refresh concurrently would lose the sign-in.
   */
  public <T> T exclusively(Supplier<T> action) {
    try {
      createFolder();
      Path lock = Path.of(file + ".lock");
      try (FileChannel channel =
              FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          var held = channel.lock()) {
        assert held.isValid();
        return action.get();
      }
    } catch (NoSuchFileException e) {
      throw new CliException.Failed(
          file.getParent() + " cannot be created: set HOME or XDG_CACHE_HOME");
    } catch (IOException e) {
      throw new CliException.Failed(file + " cannot be locked: " + e);
    }
  }

  private void createFolder() throws IOException {
    Path folder = file.getParent();
    Files.createDirectories(folder);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
  }
}
