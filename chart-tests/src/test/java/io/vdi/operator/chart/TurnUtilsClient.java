package io.vdi.operator.chart;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * coturn's own TURN client, which is independent of the client in {@code cli.doctor}.
 *
 * @param relay the address of the relay
 * @param port the port of the relay
 * @param peerPort the port of the peer behind the relay
 * @param folder for its output
 */
record TurnUtilsClient(String relay, int port, int peerPort, Path folder) {
  /** Credentials of the TURN REST API: the user name contains the time at which they expire. */
  record Credentials(String username, String password) {
    /** Credentials that are signed with the key, which need not be the secret of the relay. */
    static Credentials signed(Instant expires, String key) throws GeneralSecurityException {
      return signed(expires, key, "someone");
    }

    /** The same for this user; the relay counts allocations per user. */
    static Credentials signed(Instant expires, String key, String user)
        throws GeneralSecurityException {
      String username = expires.getEpochSecond() + ":" + user;
      Mac mac = Mac.getInstance("HmacSHA1");
      mac.init(new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
      byte[] digest = mac.doFinal(username.getBytes(StandardCharsets.UTF_8));
      return new Credentials(username, Base64.getEncoder().encodeToString(digest));
    }
  }

  /** Sends a few packets through the relay to a peer; returns the output of the client. */
  String send(Credentials credentials, String peer) throws IOException, InterruptedException {
    return run(credentials, peer, "-c", "-m", "1");
  }

  /**
   * Runs the client.
   *
   * @param options of {@code turnutils_uclient}: {@code -m} is the number of allocations, {@code
   *     -T} relays TCP
   */
  String run(Credentials credentials, String peer, String... options)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("turnutils_uclient"));
    command.addAll(List.of(options));
    command.addAll(
        List.of(
            "-n",
            "5",
            "-u",
            credentials.username(),
            "-w",
            credentials.password(),
            "-p",
            String.valueOf(port),
            "-e",
            peer,
            "-r",
            String.valueOf(peerPort),
            relay));
    Path output = Files.createTempFile(folder, "client-", ".txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      process.waitFor(15, TimeUnit.SECONDS);
    } finally {
      process.destroyForcibly();
    }
    return Files.readString(output);
  }
}
