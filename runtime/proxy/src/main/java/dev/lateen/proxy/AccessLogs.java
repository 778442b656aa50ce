package dev.lateen.proxy;

import dev.lateen.proxy.http.AccessLogSink;
import dev.lateen.proxy.telemetry.LogExporter;
import dev.lateen.proxycore.listener.OtlpLog;
import io.opentelemetry.proto.logs.v1.LogRecord;

/**
 * Where access logs go.
 *
 * @param files of this machine
 * @param collectors elsewhere
 */
record AccessLogs(AccessLogWriter files, LogExporter collectors) implements AccessLogSink {
    @Override
    public void write(String path, String line) {
        files.write(path, line);
    }

    @Override
    public void export(OtlpLog log, LogRecord entry) {
        collectors.offer(log, entry);
    }
}
