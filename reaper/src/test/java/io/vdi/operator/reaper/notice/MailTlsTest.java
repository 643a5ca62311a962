package io.vdi.operator.reaper.notice;

import static io.vdi.operator.reaper.notice.NoticeFixture.NOON;
import static io.vdi.operator.reaper.notice.NoticeFixture.notice;
import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.common.notice.Notice.Kind;
import io.vdi.operator.devcluster.cluster.ClusterCertificateAuthority;
import io.vdi.operator.reaper.notice.NoticeConfig.Tls;
import io.vdi.operator.runtime.webhook.WebhookClient.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Mail over TLS to a server whose certificate is of a private CA. */
class MailTlsTest {
  private final Notice notice = notice("0123456789abcdef", Kind.SUSPENDED);
  private final ClusterCertificateAuthority ca = new ClusterCertificateAuthority("mail-ca");
  private final ClusterCertificateAuthority other = new ClusterCertificateAuthority("other-ca");

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  @DisplayName("mail reaches a server of the CA in the file; a renewed CA needs no restart")
  void delivered(Tls tls) throws Exception {
    try (FakeMailServer server = server(tls, List.of("localhost"));
        MailSink sink = mail(server.port(), "localhost", tls, Optional.of(file(other)))) {
      assertRefused(sink, server, "notices.smtp.caFile");
      file(ca);
      assertThat(sink.send(notice)).isEqualTo(new Outcome.Delivered());
      assertThat(server.received()).hasSize(1);
    }
  }

  @ParameterizedTest
  @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  @DisplayName("the certificate of a private CA is refused without the file")
  void systemCertificates(Tls tls) throws Exception {
    try (FakeMailServer server = server(tls, List.of("localhost"));
        MailSink sink = mail(server.port(), "localhost", tls, Optional.empty())) {
      assertRefused(sink, server, "notices.smtp.caFile");
    }
  }

  @ParameterizedTest
  @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  @DisplayName("a certificate for another host is refused")
  void otherHost(Tls tls) throws Exception {
    try (FakeMailServer server = server(tls, List.of("mail.example.com"));
        MailSink sink = mail(server.port(), "localhost", tls, Optional.of(file(ca)))) {
      assertRefused(sink, server, "notices.smtp.host");
    }
    try (FakeMailServer server = server(tls, List.of("localhost"));
        MailSink sink = mail(server.port(), "127.0.0.1", tls, Optional.of(file(ca)))) {
      assertRefused(sink, server, "notices.smtp.host");
    }
  }

  @ParameterizedTest
  @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  @DisplayName("a file without a certificate is refused, and nothing is sent without TLS")
  void badFile(Tls tls) throws Exception {
    Path empty = Files.writeString(folder.resolve("ca.crt"), "");
    try (FakeMailServer server = server(tls, List.of("localhost"));
        MailSink sink = mail(server.port(), "localhost", tls, Optional.of(empty))) {
      assertRefused(sink, server, "notices.smtp.caFile");
      Files.delete(empty);
      assertRefused(sink, server, "notices.smtp.caFile");
    }
  }

  @ParameterizedTest
  @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  @DisplayName("a server that speaks the other kind of TLS, or none, is refused")
  void otherTls(Tls tls) throws Exception {
    for (Tls spoken : Tls.values()) {
      if (spoken != tls) {
        try (FakeMailServer server = server(spoken, List.of("localhost"));
            MailSink sink = mail(server.port(), "localhost", tls, Optional.of(file(ca)))) {
          assertRefused(sink, server, "notices.smtp.tls");
        }
      }
    }
  }

  private void assertRefused(MailSink sink, FakeMailServer server, String setting)
      throws Exception {
    assertThat(sink.send(notice))
        .isInstanceOfSatisfying(
            Outcome.Failed.class, failed -> assertThat(failed.why()).contains(setting));
    assertThat(server.received()).isEmpty();
  }

  private FakeMailServer server(Tls tls, List<String> names) throws Exception {
    return FakeMailServer.tls(tls, ca.server("mail", names, List.of()), "vdi", "secret");
  }

  private Path file(ClusterCertificateAuthority authority) throws IOException {
    return Files.writeString(folder.resolve("ca.crt"), authority.certificate());
  }

  private MailSink mail(int port, String host, Tls tls, Optional<Path> caFile) throws IOException {
    return new MailSink(
        new NoticeConfig.Smtp(
            host,
            port,
            "vdi@example.com",
            tls,
            Optional.of(Files.writeString(folder.resolve("user"), "vdi\n")),
            Optional.of(Files.writeString(folder.resolve("password"), "secret\n")),
            caFile),
        Duration.ofMillis(1500),
        () -> NOON);
  }
}
