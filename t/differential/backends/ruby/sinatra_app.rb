# Sinatra, as a classic application reads its parameters.

require 'sinatra/base'
require_relative 'report'

class SinatraApp < Sinatra::Base
  set :environment, :production
  disable :protection, :logging, :static, :show_exceptions
  enable :dump_errors

  %w[get post put patch delete options].each do |method|
    send(method, '*') do
      report = Report.new
      text = request.body.read
      request.body.rewind
      report.body(text)
      place = request.media_type.to_s.start_with?('multipart/') ? 'multipart' : 'form'
      given = params.reject { |name, _| name == 'splat' }
      report.form(request.query_string.empty? ? {} : given, 'query')
      report.form(text.empty? ? {} : given, place)
      report.add('path', '', params['splat'].flat_map { |splat| splat.split('/') })
      report.path(Rack::Utils.unescape_path(request.path_info))
      report.add('cookie', '', request.cookies)
      report.headers(request.env)
      report.attempt { basic(report) }
      content_type :json
      report.text
    end
  end

  def basic(report)
    found = Rack::Auth::Basic::Request.new(request.env)
    return unless found.provided? && found.basic?

    report.add('basic_user', '', found.credentials[0])
    report.add('basic_password', '', found.credentials[1])
  end
end
