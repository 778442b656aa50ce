package dev.lateen.proxy.http;

/** Takes lines of access logs; must not block, as event loops call it. */
@FunctionalInterface
public interface AccessLogSink {
    /** Writes a line, line break included, to the log at this path; its characters are bytes. */
    void write(String path, String line);
}
