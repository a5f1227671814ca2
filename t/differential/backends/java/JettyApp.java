import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Collections;
import javax.servlet.MultipartConfigElement;
import javax.servlet.http.Cookie;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import javax.servlet.http.Part;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.handler.AbstractHandler;

/** Jetty 9: its parameters, cookies and parts. A body is read either as parameters or as it is. */
final class JettyApp extends AbstractHandler {
    private static final MultipartConfigElement PARTS =
        new MultipartConfigElement(System.getProperty("java.io.tmpdir"));

    @Override
    public void handle(String target, Request base, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        base.setHandled(true);
        request.setAttribute("org.eclipse.jetty.multipartConfig", PARTS);
        Report report = new Report();
        for (String name : Collections.list(request.getHeaderNames())) {
            Collections.list(request.getHeaders(name)).forEach(value -> report.header(name, value));
        }
        report.attempt(() -> {
            for (Cookie cookie : request.getCookies()) report.add("cookie", cookie.getName(), cookie.getValue());
            return null;
        });
        report.path(request.getRequestURI());
        report.path(target);
        String type = request.getContentType() == null ? "" : request.getContentType().toLowerCase();
        boolean isMultipart = type.startsWith("multipart/");
        if (isMultipart) report.attempt(() -> parts(report, request));
        String place = isMultipart ? "multipart" : "form";
        boolean hasQuery = request.getQueryString() != null;
        report.attempt(() -> {
            request.getParameterMap().forEach((name, values) -> {
                for (String value : values) report.add(hasQuery ? "query" : place, name, value);
            });
            return null;
        });
        report.attempt(() -> { report.body(request.getInputStream().readAllBytes()); return null; });
        response.setContentType("application/json");
        response.getOutputStream().write(report.text());
    }

    private Void parts(Report report, HttpServletRequest request) throws Exception {
        for (Part part : request.getParts()) {
            boolean isField = part.getSubmittedFileName() == null;
            byte[] content = part.getInputStream().readAllBytes();
            report.add(isField ? "multipart" : "file", part.getName(), new String(content, "ISO-8859-1"));
        }
        return null;
    }

    static void serve(int port) throws Exception {
        Server server = new Server(new InetSocketAddress("127.0.0.1", port));
        server.setAttribute("org.eclipse.jetty.server.Request.maxFormContentSize", 1 << 26);
        server.setAttribute("org.eclipse.jetty.server.Request.maxFormKeys", 1 << 20);
        server.setHandler(new JettyApp());
        server.start();
    }
}
