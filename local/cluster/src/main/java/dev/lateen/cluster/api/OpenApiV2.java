package dev.lateen.cluster.api;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What kubectl before 1.30 asks of the OpenAPI document of version 2, in its protobuf form (gnostic, OpenAPIv2.proto):
 * which parameters a patch of each kind takes, so that the server checks fields and dry runs. Types are described by
 * version 3 alone; without them kubectl merges by the types that are built into it.
 */
final class OpenApiV2 {
    static final String CONTENT_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    // Fields of the messages that are written here.
    private static final int SWAGGER = 1;
    private static final int INFO = 2;
    private static final int PATHS = 8;
    private static final int PATH = 2;
    private static final int NAME = 1;
    private static final int VALUE = 2;
    private static final int PATCH = 8;
    private static final int PARAMETERS = 8;
    private static final int VENDOR_EXTENSION = 13;
    private static final int PARAMETER = 1;
    private static final int NON_BODY = 2;
    private static final int QUERY = 3;
    private static final int QUERY_NAME = 4;
    private static final int YAML = 2;
    private static final int LENGTH_DELIMITED = 2;

    private OpenApiV2() {}

    static byte[] document(List<ResourceType> types) {
        ByteArrayOutputStream paths = new ByteArrayOutputStream();
        for (ResourceType type : types) {
            ByteArrayOutputStream path = new ByteArrayOutputStream();
            text(path, NAME, Discovery.path(type));
            field(path, VALUE, nested(PATCH, patch(type)));
            field(paths, PATH, path.toByteArray());
        }
        ByteArrayOutputStream info = new ByteArrayOutputStream();
        text(info, NAME, "Kubernetes");
        text(info, VALUE, "v1.35.0+lateen");
        ByteArrayOutputStream document = new ByteArrayOutputStream();
        text(document, SWAGGER, "2.0");
        field(document, INFO, info.toByteArray());
        field(document, PATHS, paths.toByteArray());
        return document.toByteArray();
    }

    private static byte[] patch(ResourceType type) {
        ByteArrayOutputStream patch = new ByteArrayOutputStream();
        for (String parameter : List.of("dryRun", "fieldManager", "fieldValidation", "force")) {
            ByteArrayOutputStream name = new ByteArrayOutputStream();
            text(name, QUERY_NAME, parameter);
            byte[] query = nested(QUERY, name.toByteArray());
            field(patch, PARAMETERS, nested(PARAMETER, nested(NON_BODY, query)));
        }
        ByteArrayOutputStream extension = new ByteArrayOutputStream();
        text(extension, NAME, "x-kubernetes-group-version-kind");
        ByteArrayOutputStream any = new ByteArrayOutputStream();
        text(
                any,
                YAML,
                "group: \"" + type.group() + "\"\nkind: " + type.kind() + "\nversion: " + type.version() + "\n");
        field(extension, VALUE, any.toByteArray());
        field(patch, VENDOR_EXTENSION, extension.toByteArray());
        return patch.toByteArray();
    }

    private static byte[] nested(int number, byte[] content) {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        field(message, number, content);
        return message.toByteArray();
    }

    private static void text(ByteArrayOutputStream message, int number, String text) {
        field(message, number, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void field(ByteArrayOutputStream message, int number, byte[] content) {
        varint(message, number << 3 | LENGTH_DELIMITED);
        varint(message, content.length);
        message.writeBytes(content);
    }

    private static void varint(ByteArrayOutputStream message, int value) {
        int left = value;
        while (left > 0x7f) {
            message.write(left & 0x7f | 0x80);
            left >>>= 7;
        }
        message.write(left);
    }
}
