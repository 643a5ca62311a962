package io.vdi.operator.cli.doctor;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import okio.Buffer;
import okio.ByteString;

/**
 * Requests an allocation from a TURN server over UDP, and releases it (RFC 8656, with the long-term
 * credentials of RFC 8489). It implements no other part of the protocol.
 */
final class TurnClient {
  private static final int ALLOCATE = 0x0003;
  private static final int REFRESH = 0x0004;
  private static final int SUCCESS = 0x0100;
  private static final int MAGIC_COOKIE = 0x2112A442;

  private static final int USERNAME = 0x0006;
  private static final int MESSAGE_INTEGRITY = 0x0008;
  private static final int ERROR_CODE = 0x0009;
  private static final int LIFETIME = 0x000D;
  private static final int REALM = 0x0014;
  private static final int NONCE = 0x0015;
  private static final int REQUESTED_TRANSPORT = 0x0019;

  private static final int HEADER_BYTES = 20;

  /** The attribute MESSAGE-INTEGRITY: a header of 4 bytes and 20 bytes HMAC-SHA1. */
  private static final int INTEGRITY_BYTES = 24;

  private static final ByteString UDP = ByteString.of((byte) 17, (byte) 0, (byte) 0, (byte) 0);
  private static final ByteString ZERO = ByteString.of(new byte[4]);
  private static final int TRIES = 3;
  private static final int TIMEOUT_MILLIS = 700;

  private final DatagramSocket socket;
  private final InetAddress server;
  private final int port;

  private TurnClient(DatagramSocket socket, InetAddress server, int port) {
    this.socket = socket;
    this.server = server;
    this.port = port;
  }

  /** The server's answer. */
  sealed interface Result {
    record Allocated() implements Result {}

    /**
     * No allocation.
     *
     * @param code the error code; 401 and 441 mean wrong credentials
     */
    record Refused(int code, String reason) implements Result {}
  }

  /**
   * Requests an allocation and releases it.
   *
   * @throws IOException if the server does not answer
   */
  static Result allocate(String host, int port, String username, String password)
      throws IOException {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.setSoTimeout(TIMEOUT_MILLIS);
      return new TurnClient(socket, InetAddress.getByName(host), port).allocate(username, password);
    }
  }

  private Result allocate(String username, String password) throws IOException {
    // The server answers the first request with 401, realm and nonce.
    Response first = send(new Request(ALLOCATE).with(REQUESTED_TRANSPORT, UDP));
    if (first.isSuccess(ALLOCATE)) {
      return new Result.Allocated();
    }
    ByteString realm = first.attribute(REALM);
    ByteString nonce = first.attribute(NONCE);
    // RFC 8489, section 9.2.2.
    ByteString key = ByteString.encodeUtf8(username + ":" + realm.utf8() + ":" + password).md5();
    Response second =
        send(
            new Request(ALLOCATE)
                .with(REQUESTED_TRANSPORT, UDP)
                .signed(username, realm, nonce, key));
    if (!second.isSuccess(ALLOCATE)) {
      return second.error();
    }
    // A lifetime of 0 releases the allocation.
    send(new Request(REFRESH).with(LIFETIME, ZERO).signed(username, realm, nonce, key));
    return new Result.Allocated();
  }

  private Response send(Request request) throws IOException {
    byte[] bytes = request.bytes(0).toByteArray();
    for (int i = 0; i < TRIES; i++) {
      socket.send(new DatagramPacket(bytes, bytes.length, server, port));
      DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
      try {
        socket.receive(packet);
      } catch (SocketTimeoutException e) {
        continue;
      }
      Buffer answer = new Buffer().write(packet.getData(), 0, packet.getLength());
      Optional<Response> response =
          Response.parse(answer).filter(found -> found.id().equals(request.id));
      if (response.isPresent()) {
        return response.get();
      }
    }
    throw new IOException("no answer in " + TRIES + " tries of " + TIMEOUT_MILLIS + " ms");
  }

  private static final class Request {
    private final int type;
    private final ByteString id;
    private final Buffer attributes = new Buffer();

    Request(int type) {
      byte[] random = new byte[12];
      new SecureRandom().nextBytes(random);
      this.type = type;
      this.id = ByteString.of(random);
    }

    Request with(int attribute, ByteString value) {
      attributes
          .writeShort(attribute)
          .writeShort(value.size())
          .write(value)
          .write(new byte[padding(value.size())]);
      return this;
    }

    Request signed(String username, ByteString realm, ByteString nonce, ByteString key) {
      with(USERNAME, ByteString.encodeUtf8(username)).with(REALM, realm).with(NONCE, nonce);
      // The signed header already counts the length of the signature.
      return with(MESSAGE_INTEGRITY, bytes(INTEGRITY_BYTES).hmacSha1(key));
    }

    /**
     * The message.
     *
     * @param following bytes that the header counts and that are not part of the result
     */
    ByteString bytes(int following) {
      return new Buffer()
          .writeShort(type)
          .writeShort((int) attributes.size() + following)
          .writeInt(MAGIC_COOKIE)
          .write(id)
          .write(attributes.snapshot())
          .readByteString();
    }
  }

  private record Response(int type, ByteString id, Map<Integer, ByteString> attributes) {
    /** Empty if it is too short for a message. An attribute that is cut off is left out. */
    static Optional<Response> parse(Buffer in) throws IOException {
      if (in.size() < HEADER_BYTES) {
        return Optional.empty();
      }
      int type = Short.toUnsignedInt(in.readShort());
      in.skip(6);
      ByteString id = in.readByteString(12);
      Map<Integer, ByteString> attributes = new HashMap<>();
      while (in.size() >= 4) {
        int attribute = Short.toUnsignedInt(in.readShort());
        int length = Short.toUnsignedInt(in.readShort());
        if (length > in.size()) {
          break;
        }
        attributes.put(attribute, in.readByteString(length));
        in.skip(Math.min(in.size(), padding(length)));
      }
      return Optional.of(new Response(type, id, attributes));
    }

    boolean isSuccess(int request) {
      return type == (request | SUCCESS);
    }

    ByteString attribute(int attribute) {
      return attributes.getOrDefault(attribute, ByteString.EMPTY);
    }

    Result.Refused error() {
      ByteString error = attribute(ERROR_CODE);
      return error.size() < 4
          ? new Result.Refused(400, "refused")
          : new Result.Refused(
              error.getByte(2) * 100 + error.getByte(3), error.substring(4).utf8());
    }
  }

  /** Attributes are padded to a multiple of 4 bytes. */
  private static int padding(int length) {
    return (4 - length % 4) % 4;
  }
}
