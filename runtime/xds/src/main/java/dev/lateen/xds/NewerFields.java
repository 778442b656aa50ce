package dev.lateen.xds;

import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Label;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.core.v3.HttpService;
import io.envoyproxy.envoy.config.core.v3.SubstitutionFormatString;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.trace.v3.ZipkinConfig;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.type.tracing.v3.CustomTag;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Fields that Envoy's API has and the published messages do not have yet, so that they are not left out where messages are
 * shown: {@code DirectResponseAction.body_format} of route tables, {@code CustomTag.value} of the spans that a connection
 * manager records, and {@code ZipkinConfig.collector_service}.
 */
final class NewerFields {
    private static final Map<Descriptor, Descriptor> NEWER = Map.of(
            RouteConfiguration.getDescriptor(),
            newer(
                    RouteConfiguration.getDescriptor(),
                    DirectResponseAction.getDescriptor(),
                    "body_format",
                    3,
                    SubstitutionFormatString.getDescriptor()),
            HttpConnectionManager.getDescriptor(),
            newer(HttpConnectionManager.getDescriptor(), CustomTag.getDescriptor(), "value", 6, null),
            ZipkinConfig.getDescriptor(),
            newer(
                    ZipkinConfig.getDescriptor(),
                    ZipkinConfig.getDescriptor(),
                    "collector_service",
                    9,
                    HttpService.getDescriptor()));

    private NewerFields() {}

    /** The message with names for all of its fields. */
    static Message named(Message message) throws InvalidProtocolBufferException {
        Descriptor newer = NEWER.get(message.getDescriptorForType());
        return newer == null ? message : DynamicMessage.parseFrom(newer, message.toByteString());
    }

    /**
     * A type in which one message has a field more.
     *
     * @param type that is shown; its file has the message's file as a dependency, or is that file
     * @param content of the field; null for text, one more of the message's choice
     */
    private static Descriptor newer(
            Descriptor type, Descriptor message, String field, int number, @Nullable Descriptor content) {
        FileDescriptorProto.Builder file = message.getFile().toProto().toBuilder();
        FieldDescriptorProto.Builder added = FieldDescriptorProto.newBuilder()
                .setName(field)
                .setNumber(number)
                .setLabel(Label.LABEL_OPTIONAL)
                .setType(content == null ? Type.TYPE_STRING : Type.TYPE_MESSAGE);
        List<FileDescriptor> needed = new ArrayList<>(message.getFile().getDependencies());
        if (content == null) {
            added.setOneofIndex(0); // the other values of a tag
        } else {
            added.setTypeName("." + content.getFullName());
            if (!needed.contains(content.getFile())) {
                needed.add(content.getFile());
                file.addDependency(content.getFile().getName());
            }
        }
        file.getMessageTypeBuilder(message.getIndex()).addField(added);
        try {
            FileDescriptor newer = FileDescriptor.buildFrom(file.build(), needed.toArray(FileDescriptor[]::new));
            FileDescriptor shown = type.getFile();
            if (shown.getName().equals(newer.getName())) {
                return newer.findMessageTypeByName(type.getName());
            }
            FileDescriptor[] others = shown.getDependencies().stream()
                    .map(other -> other.getName().equals(newer.getName()) ? newer : other)
                    .toArray(FileDescriptor[]::new);
            return FileDescriptor.buildFrom(shown.toProto(), others).findMessageTypeByName(type.getName());
        } catch (DescriptorValidationException e) {
            throw new IllegalStateException("the published messages have changed: " + e.getMessage(), e);
        }
    }
}
