package io.vdi.operator.reaper.notice;

import io.vdi.operator.devcluster.cluster.ClusterCertificateAuthority;
import io.vdi.operator.reaper.notice.NoticeConfig.Tls;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLContext;
import org.subethamail.smtp.auth.EasyAuthenticationHandlerFactory;
import org.subethamail.smtp.auth.LoginFailedException;
import org.subethamail.smtp.server.SMTPServer;

/** A mail server that keeps what it receives. */
final class FakeMailServer implements AutoCloseable {
  private final List<byte[]> received = new CopyOnWriteArrayList<>();
  private final SMTPServer server;

  private FakeMailServer(SMTPServer.Builder builder) {
    server =
        builder
            .bindAddress(InetAddress.getLoopbackAddress())
            .port(0)
            .messageHandler((context, from, to, data) -> received.add(data))
            .build();
    server.start();
  }

  /** Without TLS and without authentication. */
  static FakeMailServer plain() {
    return new FakeMailServer(SMTPServer.port(0));
  }

  /** Without TLS, for one user. */
  static FakeMailServer plain(String user, String password) {
    return new FakeMailServer(authenticating(user, password));
  }

  /** With TLS, for one user; nothing is accepted before TLS. */
  static FakeMailServer tls(
      Tls tls, ClusterCertificateAuthority.Pair certificate, String user, String password) {
    SSLContext context = certificate.serverContext();
    SMTPServer.Builder builder = authenticating(user, password);
    return new FakeMailServer(
        switch (tls) {
          case IMPLICIT -> builder.serverSocketFactory(context);
          case START_TLS -> builder.requireTLS().startTlsSocketFactory(context);
          case NONE -> builder;
        });
  }

  private static SMTPServer.Builder authenticating(String user, String password) {
    return SMTPServer.port(0)
        .requireAuth()
        .authenticationHandlerFactory(
            new EasyAuthenticationHandlerFactory((name, secret, context) -> {
              if (!name.equals(user) || !secret.equals(password)) {
                throw new LoginFailedException();
              }
            }));
  }

  int port() {
    return server.getPortAllocated();
  }

  List<MimeMessage> received() throws MessagingException {
    List<MimeMessage> messages = new CopyOnWriteArrayList<>();
    for (byte[] data : received) {
      messages.add(
          new MimeMessage(Session.getInstance(new Properties()), new ByteArrayInputStream(data)));
    }
    return messages;
  }

  @Override
  public void close() {
    server.stop();
  }
}
