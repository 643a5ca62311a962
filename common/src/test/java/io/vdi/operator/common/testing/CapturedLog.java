package io.vdi.operator.common.testing;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** What a class logs while a test runs. */
public final class CapturedLog implements AutoCloseable {
  private record Line(Level level, String message) {}

  private final Logger logger;
  private final List<Line> lines = new CopyOnWriteArrayList<>();
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          lines.add(new Line(event.getLevel(), event.getFormattedMessage()));
        }
      };

  private CapturedLog(Logger logger) {
    this.logger = logger;
    appender.setContext(logger.getLoggerContext());
    appender.start();
    logger.addAppender(appender);
  }

  /** Starts to capture. Close it at the end of the test. */
  public static CapturedLog of(Class<?> type) {
    return new CapturedLog((Logger) LoggerFactory.getLogger(type));
  }

  /** The messages of one level so far. */
  public List<String> messages(Level level) {
    return lines.stream().filter(line -> line.level() == level).map(Line::message).toList();
  }

  @Override
  public void close() {
    logger.detachAppender(appender);
  }
}
