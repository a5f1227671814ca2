# Rack alone.

require 'rack'
require_relative 'report'

RACK = lambda do |env|
  report = Report.new
  request = Rack::Request.new(env)
  text = request.body.read
  request.body.rewind
  report.body(text)
  report.attempt { report.add('query', '', request.GET) }
  report.attempt { report.add('cookie', '', request.cookies) }
  report.headers(env)
  report.path(Rack::Utils.unescape_path(request.path))
  report.attempt do
    basic = Rack::Auth::Basic::Request.new(env)
    report.add('basic_user', '', basic.credentials[0]) if basic.basic?
    report.add('basic_password', '', basic.credentials[1]) if basic.basic?
  end
  place = request.media_type.to_s.start_with?('multipart/') ? 'multipart' : 'form'
  report.attempt { report.form(request.POST, place) }
  report.attempt { report.form(Rack::Utils.parse_nested_query(text), 'form') }
  report.attempt { report.form(Rack::Utils.parse_query(text), 'form') }
  [200, { 'Content-Type' => 'application/json' }, [report.text]]
end
