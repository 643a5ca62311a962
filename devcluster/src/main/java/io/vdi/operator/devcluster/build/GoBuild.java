package io.vdi.operator.devcluster.build;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.devcluster.process.ClusterException;
import io.vdi.operator.devcluster.process.FileTree;
import io.vdi.operator.devcluster.process.Progress;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Runs the {@code go} command in the sources of one module.
 *
 * @param what the name of the program in messages
 * @param sources directory with go.mod
 * @param architecture of the programs
 */
record GoBuild(String what, Path sources, Architecture architecture) {
  private static final Pattern VERSION = Pattern.compile("go(\\d+)\\.(\\d+)");
  private static final Duration FIRST_MESSAGE = Duration.ofSeconds(4);
  private static final Duration NEXT_MESSAGE = Duration.ofSeconds(10);

  /** How many of the last lines an error message has. */
  private static final int ERROR_LINES = 15;

  /**
   * Checks the installed Go.
   *
   * @throws ClusterException if there is none, or if it is older than 1.26, which Kubernetes
   *     requires
   */
  static void requireGo() throws InterruptedException {
    String found;
    try {
      Process version = new ProcessBuilder("go", "env", "GOVERSION").start();
      found = new String(version.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      version.waitFor();
    } catch (IOException e) {
      throw new ClusterException(
          "Go is not installed, or not on the PATH: install Go 1.26 or newer", e);
    }
    if (!isSupported(found)) {
      throw new ClusterException("Go 1.26 or newer is required, found \"" + found + "\"");
    }
  }

  /**
   * Whether Go is new enough.
   *
   * @param version as {@code go env GOVERSION} prints it
   */
  static boolean isSupported(String version) {
    Matcher m = VERSION.matcher(version);
    if (!m.find()) {
      return false;
    }
    int major = Integer.parseInt(m.group(1));
    int minor = Integer.parseInt(m.group(2));
    return major > 1 || (major == 1 && minor >= 26);
  }

  /**
   * Builds static programs of these packages into a directory, without debug information: not to
   * generate it saves a tenth of the time.
   */
  void build(Path out, String ldflags, String... packages)
      throws IOException, InterruptedException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "build",
                "-v",
                "-trimpath",
                "-gcflags=all=-dwarf=false",
                "-ldflags",
                "-s -w" + ldflags,
                "-o",
                out + "/"));
    arguments.addAll(List.of(packages));
    run(arguments);
  }

  /** Downloads a module and returns the directory with its files. */
  Path download(String module) throws IOException, InterruptedException {
    run(List.of("mod", "download", module));
    return moduleDirectory(module);
  }

  /**
   * Downloads the archive of a module that need not be required, and which may require a newer Go:
   * then go reports an error after it has downloaded the archive.
   *
   * @param module with its version, such as {@code example.org/module@v1.0.0}
   * @param sum the expected hash, as in go.sum
   */
  Path archive(String module, String sum) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder("go", "mod", "download", "-json", module)
            .directory(sources.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("GOTOOLCHAIN", "local");
    Process download = builder.start();
    JsonObject result;
    try (Reader output = download.inputReader()) {
      result = JsonParser.parseReader(output).getAsJsonObject();
    }
    download.waitFor();
    if (!result.has("Zip") || !sum.equals(result.get("Sum").getAsString())) {
      throw new ClusterException(
          "cannot download " + module + " with the hash " + sum + ": " + result);
    }
    return Path.of(result.get("Zip").getAsString());
  }

  /**
   * Copies a required module, which is used from then on instead of the downloaded one.
   *
   * @return the directory of the copy, whose files can be changed
   */
  Path copyModule(String module) throws IOException, InterruptedException {
    Path original = download(module);
    Path copy = sources.resolve("copies").resolve(module);
    FileTree.copy(original, copy);
    run(List.of("mod", "edit", "-replace=" + module + "=./" + sources.relativize(copy)));
    return copy;
  }

  /** The directory with the files of a required module, which is already downloaded. */
  Path moduleDirectory(String module) throws IOException, InterruptedException {
    Process list =
        new ProcessBuilder("go", "list", "-m", "-f", "{{.Dir}}", module)
            .directory(sources.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String directory = new String(list.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (list.waitFor() != 0) {
      throw new ClusterException("go list -m " + module + " failed");
    }
    return Path.of(directory.strip());
  }

  /** Runs go and reports progress. If it fails, the exception has the last lines of its output. */
  private void run(List<String> arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("go"));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command).directory(sources.toFile());
    builder.environment().put("GOFLAGS", "-mod=readonly -buildvcs=false");
    builder.environment().put("CGO_ENABLED", "0");
    if (!architecture.isOfHost()) {
      builder.environment().put("GOOS", "linux");
      builder.environment().put("GOARCH", architecture.id());
    }
    builder.environment().put("GOTOOLCHAIN", "local");
    Process process = builder.redirectErrorStream(true).start();
    Thread killer = new Thread(process::destroy);
    Runtime.getRuntime().addShutdownHook(killer);
    String errors;
    try (BufferedReader output = process.inputReader()) {
      errors = follow(output);
    }
    int status = process.waitFor();
    try {
      Runtime.getRuntime().removeShutdownHook(killer);
    } catch (IllegalStateException e) {
      throw new ClusterException("stopped while building " + what, e);
    }
    if (status != 0) {
      throw new ClusterException("building " + what + " failed:\n" + errors);
    }
  }

  /** Reads the output to its end, and returns its last lines. */
  private String follow(BufferedReader output) throws IOException {
    Instant start = Instant.now();
    Instant nextMessage = start.plus(FIRST_MESSAGE);
    int lines = 0;
    Deque<String> last = new ArrayDeque<>();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      lines++;
      last.addLast(line);
      if (last.size() > ERROR_LINES) {
        last.removeFirst();
      }
      Instant now = Instant.now();
      if (now.isAfter(nextMessage)) {
        nextMessage = now.plus(NEXT_MESSAGE);
        Progress.say(
            "building %s: %d packages downloaded or compiled (%d s)"
                .formatted(what, lines, Duration.between(start, now).toSeconds()));
      }
    }
    return String.join("\n", last);
  }
}
