package dev.lateen.proxy.http;

import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.listener.AccessLog;
import dev.lateen.proxycore.listener.OtlpLog;
import io.opentelemetry.proto.logs.v1.LogRecord;

/** Takes what access logs say; must not block, as event loops call it. */
public interface AccessLogSink {
    /** Writes a line, line break included, to the log at this path; its characters are bytes. */
    void write(String path, String line);

    /** Hands an entry to the collector of its log. */
    void export(OtlpLog log, LogRecord entry);

    /** Tells a log of a stream that is over. */
    default void tell(AccessLog log, FormatContext stream) {
        switch (log.target()) {
            case AccessLog.File file -> write(file.path(), AccessLogLine.of(file, stream));
            case OtlpLog otlp -> export(otlp, otlp.entry(stream));
        }
    }
}
