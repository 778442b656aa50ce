package dev.lateen.proxycore.listener;

import com.google.protobuf.Any;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Extensions;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.format.Format;
import dev.lateen.proxycore.format.Operator;
import io.envoyproxy.envoy.config.core.v3.SubstitutionFormatString;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig;
import io.envoyproxy.envoy.extensions.access_loggers.stream.v3.StderrAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.stream.v3.StdoutAccessLog;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Who is told of each stream when it is over.
 *
 * @param target where and how
 * @param filter of which streams
 * @param timed whether it asks for points of time that are noted only for it ({@link Operator#isTimed})
 */
public record AccessLog(Target target, LogFilter filter, boolean timed) {
    private static final String DEFAULT_FORMAT = "[%START_TIME%] \"%REQ(:METHOD)% "
            + "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% "
            + "%BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" "
            + "\"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\"\n";

    public AccessLog(Target target, LogFilter filter) {
        this(target, filter, target.operators().anyMatch(Operator::isTimed));
    }

    /** Where and how a stream is told of. */
    public sealed interface Target permits File, OtlpLog {
        /** The facts of a stream that it asks for. */
        Stream<Operator> operators();
    }

    /**
     * A line in a file.
     *
     * @param path {@code /dev/stdout} and {@code /dev/stderr} stand for the process's own
     * @param layout what a line says
     */
    public record File(String path, Layout layout) implements Target {
        @Override
        public Stream<Operator> operators() {
            return layout.operators();
        }
    }

    /** What a line says. */
    public sealed interface Layout {
        /** The facts of a stream that it asks for. */
        Stream<Operator> operators();
    }

    /** Text with commands; the line end is part of it. */
    public record Text(Format format, boolean omitEmpty) implements Layout {
        @Override
        public Stream<Operator> operators() {
            return format.operators().stream();
        }
    }

    /** A JSON object; a line end follows. */
    public record Json(JsonLayout.Fields fields, boolean omitEmpty) implements Layout {
        @Override
        public Stream<Operator> operators() {
            return fields.operators();
        }
    }

    static List<AccessLog> all(List<io.envoyproxy.envoy.config.accesslog.v3.AccessLog> protos, Place at)
            throws CompileException {
        List<AccessLog> logs = new ArrayList<>();
        for (int i = 0; i < protos.size(); i++) {
            var proto = protos.get(i);
            Place here = at.item("access_log", i).named(proto.getName());
            LogFilter filter =
                    proto.hasFilter() ? LogFilter.of(proto.getFilter(), here.field("filter")) : new LogFilter.Always();
            logs.add(new AccessLog(target(proto.getTypedConfig(), here), filter));
        }
        return List.copyOf(logs);
    }

    private static Target target(Any any, Place at) throws CompileException {
        if (any.is(FileAccessLog.class)) {
            FileAccessLog log = at.unpack(any, FileAccessLog.class);
            return new File(log.getPath(), layout(log.hasLogFormat(), log.getLogFormat(), at));
        }
        if (any.is(StdoutAccessLog.class)) {
            StdoutAccessLog log = at.unpack(any, StdoutAccessLog.class);
            return new File("/dev/stdout", layout(log.hasLogFormat(), log.getLogFormat(), at));
        }
        if (any.is(StderrAccessLog.class)) {
            StderrAccessLog log = at.unpack(any, StderrAccessLog.class);
            return new File("/dev/stderr", layout(log.hasLogFormat(), log.getLogFormat(), at));
        }
        if (any.is(OpenTelemetryAccessLogConfig.class)) {
            return OtlpLog.of(at.unpack(any, OpenTelemetryAccessLogConfig.class), at);
        }
        throw at.refuse("unknown access log: " + Extensions.typeName(any));
    }

    private static Layout layout(boolean set, SubstitutionFormatString proto, Place log) throws CompileException {
        Place at = log.field("log_format");
        if (!set) {
            return new Text(Format.parse(DEFAULT_FORMAT, at), false);
        }
        return switch (proto.getFormatCase()) {
            case TEXT_FORMAT_SOURCE -> {
                at.only(proto, "text_format_source", "omit_empty_values");
                yield new Text(
                        Format.parse(proto.getTextFormatSource().getInlineString(), at.field("text_format_source")),
                        proto.getOmitEmptyValues());
            }
            case JSON_FORMAT -> {
                at.only(proto, "json_format", "json_format_options", "omit_empty_values");
                yield new Json(
                        JsonLayout.of(proto.getJsonFormat(), at.field("json_format")), proto.getOmitEmptyValues());
            }
            case TEXT_FORMAT, FORMAT_NOT_SET ->
                throw at.refuse("text_format_source or json_format is needed, not " + proto.getFormatCase());
        };
    }
}
