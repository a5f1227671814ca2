import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.Part;
import java.io.IOException;
import java.util.Collections;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;

/** Tomcat 10: its parameters, cookies and parts. A body is read either as parameters or as it is. */
final class TomcatApp extends HttpServlet {
    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Report report = new Report();
        for (String name : Collections.list(request.getHeaderNames())) {
            Collections.list(request.getHeaders(name)).forEach(value -> report.header(name, value));
        }
        if (request.getCookies() != null) {
            for (Cookie cookie : request.getCookies()) report.add("cookie", cookie.getName(), cookie.getValue());
        }
        report.path(request.getRequestURI());
        report.path(request.getServletPath() + (request.getPathInfo() == null ? "" : request.getPathInfo()));
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
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(System.getProperty("java.io.tmpdir") + "/tomcat-" + port);
        Connector connector = new Connector();
        connector.setPort(port);
        connector.setProperty("address", "127.0.0.1");
        connector.setMaxPostSize(1 << 26);
        connector.setProperty("relaxedPathChars", "[]|{}^\\`\"<>");
        connector.setProperty("relaxedQueryChars", "[]|{}^\\`\"<>");
        // PUT and the others have parameters too, where an application asks for it.
        connector.setParseBodyMethods("GET,POST,PUT,PATCH,DELETE,OPTIONS");
        tomcat.setConnector(connector);
        Context context = tomcat.addContext("", null);
        Tomcat.addServlet(context, "all", new TomcatApp())
            .setMultipartConfigElement(new MultipartConfigElement((String) null));
        context.addServletMappingDecoded("/*", "all");
        tomcat.start();
    }
}
