package io.vdi.operator.reaper.notice;

import io.vdi.operator.common.notice.Notice;
import io.vdi.operator.common.notice.NoticeText;
import io.vdi.operator.runtime.tls.TrustedCertificates;
import io.vdi.operator.runtime.webhook.WebhookClient.Outcome;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.Properties;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocketFactory;
import org.eclipse.angus.mail.smtp.SMTPAddressFailedException;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;

/** Sends mails to the users of sessions, one connection each. */
final class MailSink implements NoticeSink {
  private final NoticeConfig.Smtp settings;
  private final Duration timeout;
  private final InstantSource clock;
  private final Optional<TrustedCertificates> trusted;

  MailSink(NoticeConfig.Smtp settings, Duration timeout, InstantSource clock) {
    this.settings = settings;
    this.timeout = timeout;
    this.clock = clock;
    this.trusted = settings.caFile().map(TrustedCertificates::new);
  }

  /** Whether mail can be sent to this text. */
  static boolean isAddress(String text) {
    try {
      new InternetAddress(text, true);
      return text.contains("@");
    } catch (AddressException e) {
      return false;
    }
  }

  @Override
  public String name() {
    return "mail";
  }

  @Override
  public Outcome send(Notice notice) {
    if (!isAddress(notice.user())) {
      return new Outcome.Refused("the user has no valid e-mail address");
    }
    try {
      Session session = Session.getInstance(properties());
      MimeMessage message = message(session, notice);
      try (Transport transport = session.getTransport()) {
        if (settings.usernameFile().isPresent() && settings.passwordFile().isPresent()) {
          transport.connect(
              read(settings.usernameFile().get()), read(settings.passwordFile().get()));
        } else {
          transport.connect();
        }
        transport.sendMessage(message, message.getAllRecipients());
      }
      return new Outcome.Delivered();
    } catch (MessagingException e) {
      return isPermanent(e)
          ? new Outcome.Refused("the mail server refuses the mail: " + e.getMessage())
          : new Outcome.Failed(reason(e));
    } catch (IOException e) {
      return new Outcome.Failed(reason(e));
    }
  }

  /** The failure, and the setting that is wrong if it shows one. */
  private String reason(Exception failure) {
    return hint(failure).map(hint -> failure + ": " + hint).orElseGet(failure::toString);
  }

  private Optional<String> hint(Exception failure) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof CertPathBuilderException) {
        return Optional.of(
            settings.caFile().isPresent()
                ? "the certificate of the mail server is of none of the CAs in notices.smtp.caFile"
                : "the certificate of the mail server is of no CA of the system: set"
                    + " notices.smtp.caFile to a file with its CA");
      }
      // Subclasses are about validity and trust.
      if (e.getClass() == CertificateException.class) {
        return Optional.of(
            "notices.smtp.host must be a name in the certificate of the mail server");
      }
      if (e.getClass() == SSLException.class) {
        return Optional.of(
            "the mail server does not begin with TLS: notices.smtp.tls must be startTls, or"
                + " notices.smtp.port another one");
      }
      if (settings.tls() == NoticeConfig.Tls.START_TLS && e instanceof SocketTimeoutException) {
        return Optional.of("notices.smtp.tls must be implicit if the mail server begins with TLS");
      }
      if (e instanceof MessagingException && String.valueOf(e.getMessage()).contains("STARTTLS")) {
        return Optional.of(
            "notices.smtp.tls must be implicit, or none, if the mail server has no STARTTLS");
      }
    }
    return Optional.empty();
  }

  /** What a mail server refuses with a code from 500 on it refuses again; RFC 5321. */
  private static boolean isPermanent(MessagingException failure) {
    for (Exception e = failure; e instanceof MessagingException m; e = m.getNextException()) {
      if ((e instanceof SMTPAddressFailedException address && address.getReturnCode() >= 500)
          || (e instanceof SMTPSendFailedException sent && sent.getReturnCode() >= 500)) {
        return true;
      }
    }
    return false;
  }

  private Properties properties() throws IOException {
    String limit = String.valueOf(timeout.toMillis());
    boolean tls = settings.tls() == NoticeConfig.Tls.IMPLICIT;
    String protocol = tls ? "smtps" : "smtp";
    String prefix = "mail." + protocol + ".";
    Properties properties = new Properties();
    properties.put("mail.transport.protocol", protocol);
    properties.put(prefix + "host", settings.host());
    properties.put(prefix + "port", String.valueOf(settings.port()));
    properties.put(prefix + "connectiontimeout", limit);
    properties.put(prefix + "timeout", limit);
    properties.put(prefix + "writetimeout", limit);
    properties.put(prefix + "auth", String.valueOf(settings.usernameFile().isPresent()));
    boolean startTls = settings.tls() == NoticeConfig.Tls.START_TLS;
    properties.put(prefix + "starttls.enable", String.valueOf(startTls));
    properties.put(prefix + "starttls.required", String.valueOf(startTls));
    properties.put(prefix + "ssl.checkserveridentity", "true");
    if (trusted.isPresent()) {
      properties.put(prefix + "ssl.socketFactory", sockets(trusted.get()));
    }
    // Otherwise a server that the factory refuses is tried again with the CAs of the system.
    properties.put(prefix + "socketFactory.fallback", "false");
    return properties;
  }

  private static SSLSocketFactory sockets(TrustedCertificates trusted) throws IOException {
    try {
      return trusted.sockets();
    } catch (IOException e) {
      throw new IOException("notices.smtp.caFile cannot be used: " + e, e);
    }
  }

  private MimeMessage message(Session session, Notice notice) throws MessagingException {
    MimeMessage message = new IdentifiedMessage(session, notice.id());
    NoticeText text = NoticeText.of(notice);
    message.setFrom(new InternetAddress(settings.from(), true));
    message.setRecipient(Message.RecipientType.TO, new InternetAddress(notice.user(), true));
    message.setSubject(text.subject(), StandardCharsets.UTF_8.name());
    message.setText(text.body() + "\n", StandardCharsets.UTF_8.name());
    message.setHeader(
        "Date",
        DateTimeFormatter.RFC_1123_DATE_TIME.format(clock.instant().atOffset(ZoneOffset.UTC)));
    // RFC 3834: no out-of-office reply.
    message.setHeader("Auto-Submitted", "auto-generated");
    message.saveChanges();
    return message;
  }

  /** A repeated mail has the same id, by which mail servers and programs find the repetition. */
  private static final class IdentifiedMessage extends MimeMessage {
    private final String id;

    IdentifiedMessage(Session session, String id) {
      super(session);
      this.id = id;
    }

    @Override
    protected void updateMessageID() throws MessagingException {
      setHeader("Message-ID", "<" + id + "@vdi.kasm.io>");
    }
  }

  private static String read(Path file) throws IOException {
    return Files.readString(file).strip();
  }

  /** Each attempt closes its own connection. */
  @Override
  public void close() {}
}
