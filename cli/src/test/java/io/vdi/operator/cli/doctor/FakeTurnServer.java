package io.vdi.operator.cli.doctor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import okio.Buffer;
import okio.ByteString;

/** A TURN server that knows one user. It checks signatures by its own code, not the client's. */
final class FakeTurnServer implements AutoCloseable {
  private static final ByteString REALM = ByteString.encodeUtf8("vdi.example");
  private static final ByteString NONCE = ByteString.encodeUtf8("nonce");

  private final DatagramSocket socket;
  private final Optional<ByteString> key;
  private final Optional<byte[]> fixedAnswer;
  private final String username;
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private volatile boolean drop;

  FakeTurnServer(String username, String password) {
    this(
        username,
        Optional.of(ByteString.encodeUtf8(username + ":" + REALM.utf8() + ":" + password).md5()),
        Optional.empty());
  }

  /** A server that requires no credentials. */
  static FakeTurnServer open() {
    return new FakeTurnServer("", Optional.empty(), Optional.empty());
  }

  /** A server that answers every request with these bytes. */
  static FakeTurnServer answering(byte[] bytes) {
    return new FakeTurnServer("", Optional.empty(), Optional.of(bytes));
  }

  private FakeTurnServer(String username, Optional<ByteString> key, Optional<byte[]> fixedAnswer) {
    try {
      this.socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.username = username;
    this.key = key;
    this.fixedAnswer = fixedAnswer;
    Thread.ofVirtual().start(this::serve);
  }

  int port() {
    return socket.getLocalPort();
  }

  /** Does not answer the next request. */
  void dropNext() {
    drop = true;
  }

  List<String> requests() {
    return List.copyOf(requests);
  }

  private void serve() {
    byte[] bytes = new byte[2048];
    while (!socket.isClosed()) {
      DatagramPacket packet = new DatagramPacket(bytes, bytes.length);
      try {
        socket.receive(packet);
        byte[] answer = answer(ByteString.of(bytes, 0, packet.getLength()));
        if (drop) {
          drop = false;
        } else {
          socket.send(
              new DatagramPacket(answer, answer.length, packet.getAddress(), packet.getPort()));
        }
      } catch (IOException e) {
        return;
      }
    }
  }

  private byte[] answer(ByteString message) throws IOException {
    Buffer in = new Buffer().write(message);
    int type = in.readShort();
    in.skip(2);
    if (in.readInt() != 0x2112A442) {
      throw new IOException("no magic cookie");
    }
    ByteString id = in.readByteString(12);
    Map<Integer, ByteString> attributes = new HashMap<>();
    boolean signed = false;
    while (!in.exhausted()) {
      int signedBytes = (int) (message.size() - in.size());
      int attribute = in.readShort();
      int length = in.readShort();
      ByteString value = in.readByteString(length);
      in.skip((4 - length % 4) % 4);
      attributes.put(attribute, value);
      if (attribute == 0x0008) {
        signed =
            key.isPresent()
                && message.substring(0, signedBytes).hmacSha1(key.get()).equals(value)
                && REALM.equals(attributes.get(0x0014))
                && NONCE.equals(attributes.get(0x0015))
                && ByteString.encodeUtf8(username).equals(attributes.get(0x0006));
      }
    }
    requests.add(
        (type == 3 ? "allocate" : "refresh")
            + (signed ? " signed" : "")
            + (attributes.containsKey(0x000D)
                ? " lifetime " + attributes.get(0x000D).toByteArray()[3]
                : ""));
    if (fixedAnswer.isPresent()) {
      return fixedAnswer.get();
    }
    Buffer body = new Buffer();
    if (key.isPresent() && !signed) {
      add(body, 0x0009, ByteString.of((byte) 0, (byte) 0, (byte) 4, (byte) 1), "Unauthorized");
      add(body, 0x0014, REALM, "");
      add(body, 0x0015, NONCE, "");
    }
    return new Buffer()
        .writeShort(type | (key.isPresent() && !signed ? 0x0110 : 0x0100))
        .writeShort((int) body.size())
        .writeInt(0x2112A442)
        .write(id)
        .write(body.readByteString())
        .readByteArray();
  }

  private static void add(Buffer body, int attribute, ByteString value, String text) {
    ByteString content = new Buffer().write(value).writeUtf8(text).readByteString();
    body.writeShort(attribute)
        .writeShort(content.size())
        .write(content)
        .write(new byte[(4 - content.size() % 4) % 4]);
  }

  @Override
  public void close() {
    socket.close();
  }
}
