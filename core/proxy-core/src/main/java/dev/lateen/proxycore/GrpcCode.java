package dev.lateen.proxycore;

import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.ResponseHead;
import org.jspecify.annotations.Nullable;

/** Statuses of gRPC by number (gRPC documentation, "Status codes and their use in gRPC"). */
public final class GrpcCode {
    private static final int UNKNOWN = 2;

    private GrpcCode() {}

    /**
     * The status that stands for one of HTTP, where no status of gRPC was told (gRPC documentation,
     * http-grpc-status-mapping).
     */
    public static int ofHttp(int status) {
        return switch (status) {
            case 400 -> 13;
            case 401 -> 16;
            case 403 -> 7;
            case 404 -> 12;
            case 429, 502, 503, 504 -> 14;
            default -> UNKNOWN;
        };
    }

    /** The status of an answer as it was told, in the trailers or in the head of an answer that has nothing else, or null. */
    public static @Nullable String told(@Nullable ResponseHead response, @Nullable Fields trailers) {
        String status = trailers == null ? null : trailers.get(FieldName.GRPC_STATUS);
        return status != null || response == null ? status : response.fields().get(FieldName.GRPC_STATUS);
    }

    /** The status of an answer: as it was told, or what its status of HTTP stands for. */
    public static int of(@Nullable ResponseHead response, @Nullable Fields trailers) {
        String told = told(response, trailers);
        if (told == null) {
            return response == null ? UNKNOWN : ofHttp(response.status());
        }
        try {
            return Integer.parseInt(told);
        } catch (NumberFormatException e) {
            return UNKNOWN; // what an app made up
        }
    }
}
