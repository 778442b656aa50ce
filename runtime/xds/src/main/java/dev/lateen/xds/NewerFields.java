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
import io.envoyproxy.envoy.config.core.v3.SubstitutionFormatString;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import java.util.ArrayList;
import java.util.List;

/**
 * Fields that Envoy's API has and the published messages do not have yet, so that they are not left out where messages are
 * shown: {@code DirectResponseAction.body_format} of route tables.
 */
final class NewerFields {
    private static final Descriptor ROUTES = routes();

    private NewerFields() {}

    /** The message with names for all of its fields. */
    static Message named(Message message) throws InvalidProtocolBufferException {
        return message instanceof RouteConfiguration
                ? DynamicMessage.parseFrom(ROUTES, message.toByteString())
                : message;
    }

    private static Descriptor routes() {
        Descriptor answer = DirectResponseAction.getDescriptor();
        FileDescriptor format = SubstitutionFormatString.getDescriptor().getFile();
        FileDescriptorProto.Builder components = answer.getFile().toProto().toBuilder();
        components
                .getMessageTypeBuilder(answer.getIndex())
                .addField(FieldDescriptorProto.newBuilder()
                        .setName("body_format")
                        .setNumber(3)
                        .setLabel(Label.LABEL_OPTIONAL)
                        .setType(Type.TYPE_MESSAGE)
                        .setTypeName(
                                "." + SubstitutionFormatString.getDescriptor().getFullName()));
        List<FileDescriptor> needed = new ArrayList<>(answer.getFile().getDependencies());
        if (!needed.contains(format)) {
            needed.add(format);
            components.addDependency(format.getName());
        }
        try {
            FileDescriptor newer = FileDescriptor.buildFrom(components.build(), needed.toArray(FileDescriptor[]::new));
            FileDescriptor table = RouteConfiguration.getDescriptor().getFile();
            FileDescriptor[] others = table.getDependencies().stream()
                    .map(file -> file.getName().equals(newer.getName()) ? newer : file)
                    .toArray(FileDescriptor[]::new);
            return FileDescriptor.buildFrom(table.toProto(), others)
                    .findMessageTypeByName(RouteConfiguration.getDescriptor().getName());
        } catch (DescriptorValidationException e) {
            throw new IllegalStateException("the published messages have changed: " + e.getMessage(), e);
        }
    }
}
