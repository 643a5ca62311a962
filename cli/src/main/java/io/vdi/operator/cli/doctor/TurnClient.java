package io.vdi.operator.cli.doctor;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Asks a TURN relay for an allocation over UDP, and gives it back (RFC 8656, with the long-term
 * credentials of RFC 8489). No more of the protocol than that.
 */
final class TurnClient {
  private static final int ALLOCATE = 0x0003;
  private static final int REFRESH = 0x0004;
  private static final int SUCCESS = 0x0100;
  private static final int MAGIC = 0x2112A442;

  private static final int USERNAME = 0x0006;
  private static final int INTEGRITY = 0x0008;
  private static final int ERROR = 0x0009;
  private static final int LIFETIME = 0x000D;
  private static final int REALM = 0x0014;
  private static final int NONCE = 0x0015;
  private static final int TRANSPORT = 0x0019;

  private static final byte[] UDP = {17, 0, 0, 0};
  private static final int TRIES = 3;
  private static final int TIMEOUT_MILLIS = 700;

  private final DatagramSocket socket;
  private final InetAddress relay;
  private final int port;

  private TurnClient(DatagramSocket socket, InetAddress relay, int port) {
    this.socket = socket;
    this.relay = relay;
    this.port = port;
  }

  /**
   * What the relay said.
   *
   * @param code 0 where it allocated, else its error: 401 and 441 refuse the credentials
   */
  record Outcome(int code, String reason) {}

  /**
   * Allocates and gives back.
   *
   * @throws IOException where nobody answers
   */
  static Outcome allocate(String host, int port, String username, String password)
      throws IOException {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.setSoTimeout(TIMEOUT_MILLIS);
      return new TurnClient(socket, InetAddress.getByName(host), port).allocate(username, password);
    }
  }

  private Outcome allocate(String username, String password) throws IOException {
    // The first is refused, and tells realm and nonce.
    Message first = ask(new Request(ALLOCATE).with(TRANSPORT, UDP));
    if (first.type() == (ALLOCATE | SUCCESS)) {
      return new Outcome(0, "without credentials");
    }
    byte[] realm = first.attributes().getOrDefault(REALM, new byte[0]);
    byte[] nonce = first.attributes().getOrDefault(NONCE, new byte[0]);
    byte[] key = key(username, new String(realm, StandardCharsets.UTF_8), password);
    Message second = ask(signed(ALLOCATE, username, realm, nonce, key, TRANSPORT, UDP));
    if (second.type() != (ALLOCATE | SUCCESS)) {
      return second.error();
    }
    ask(signed(REFRESH, username, realm, nonce, key, LIFETIME, new byte[4]));
    return new Outcome(0, "");
  }

  private static Request signed(
      int type, String username, byte[] realm, byte[] nonce, byte[] key, int extra, byte[] value)
      throws IOException {
    return new Request(type)
        .with(extra, value)
        .with(USERNAME, username.getBytes(StandardCharsets.UTF_8))
        .with(REALM, realm)
        .with(NONCE, nonce)
        .sign(key);
  }

  private Message ask(Request request) throws IOException {
    byte[] bytes = request.bytes();
    for (int i = 0; i < TRIES; i++) {
      socket.send(new DatagramPacket(bytes, bytes.length, relay, port));
      DatagramPacket answer = new DatagramPacket(new byte[2048], 2048);
      try {
        socket.receive(answer);
      } catch (SocketTimeoutException e) {
        continue;
      }
      Message message = Message.of(ByteBuffer.wrap(answer.getData(), 0, answer.getLength()));
      if (message.answers(request)) {
        return message;
      }
    }
    throw new IOException("no answer in " + TRIES + " tries of " + TIMEOUT_MILLIS + " ms");
  }

  /** RFC 8489, 9.2.2. */
  private static byte[] key(String username, String realm, String password) {
    try {
      return MessageDigest.getInstance("MD5")
          .digest((username + ":" + realm + ":" + password).getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has MD5", e);
    }
  }

  private static final class Request {
    private final int type;
    private final byte[] id = new byte[12];
    private final ByteArrayOutputStream attributes = new ByteArrayOutputStream();

    Request(int type) {
      this.type = type;
      new SecureRandom().nextBytes(id);
    }

    Request with(int attribute, byte[] value) throws IOException {
      DataOutputStream out = new DataOutputStream(attributes);
      out.writeShort(attribute);
      out.writeShort(value.length);
      out.write(value);
      out.write(new byte[(4 - value.length % 4) % 4]);
      return this;
    }

    /** Over the message so far, whose length counts the signature already. */
    Request sign(byte[] key) throws IOException {
      try {
        Mac mac = Mac.getInstance("HmacSHA1");
        mac.init(new SecretKeySpec(key, "HmacSHA1"));
        return with(INTEGRITY, mac.doFinal(bytes(24)));
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("every Java platform has HmacSHA1", e);
      }
    }

    byte[] bytes() throws IOException {
      return bytes(0);
    }

    private byte[] bytes(int more) throws IOException {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(all);
      out.writeShort(type);
      out.writeShort(attributes.size() + more);
      out.writeInt(MAGIC);
      out.write(id);
      attributes.writeTo(out);
      return all.toByteArray();
    }
  }

  private record Message(int type, ByteBuffer id, Map<Integer, byte[]> attributes) {
    /** What cannot be read has no attributes, and answers nothing. */
    static Message of(ByteBuffer in) {
      Map<Integer, byte[]> attributes = new HashMap<>();
      if (in.remaining() < 20) {
        return new Message(0, ByteBuffer.allocate(0), attributes);
      }
      int type = Short.toUnsignedInt(in.getShort());
      in.position(8);
      byte[] id = new byte[12];
      in.get(id);
      while (in.remaining() >= 4) {
        int attribute = Short.toUnsignedInt(in.getShort());
        int length = Short.toUnsignedInt(in.getShort());
        if (length > in.remaining()) {
          break;
        }
        byte[] value = new byte[length];
        in.get(value);
        attributes.put(attribute, value);
        in.position(Math.min(in.limit(), in.position() + (4 - length % 4) % 4));
      }
      return new Message(type, ByteBuffer.wrap(id), attributes);
    }

    boolean answers(Request request) {
      return id.equals(ByteBuffer.wrap(request.id));
    }

    Outcome error() {
      byte[] error = attributes.getOrDefault(ERROR, new byte[0]);
      return error.length < 4
          ? new Outcome(400, "refused")
          : new Outcome(
              error[2] * 100 + error[3],
              new String(error, 4, error.length - 4, StandardCharsets.UTF_8));
    }
  }
}
